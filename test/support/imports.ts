import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';

/** The folders and files directly in src/, and which of the others each may import. `index.ts` may import all. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'errors.ts': [],
  lock: ['errors.ts'],
  toml: ['errors.ts'],
  config: ['lock', 'toml', 'errors.ts'],
  cli: ['config', 'lock', 'toml', 'errors.ts'],
  'index.ts': ['cli', 'config', 'lock', 'toml', 'errors.ts'],
};

/**
 * The rooms of each folder, from the bottom up. A room may import only rooms below it. Files directly in the folder
 * may import every room.
 */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  lock: ['binding', 'queue'],
  toml: ['syntax', 'value', 'edit'],
  config: ['file', 'transaction', 'watch'],
};

/**
 * Each relative import of a file, type imports included. Source files quote specifiers, and name the compiled `.js`
 * file.
 */
const IMPORTS = [
  /\bfrom\s*['"](\.[^'"]*)['"]/g,
  /\bimport\s*['"](\.[^'"]*)['"]/g,
  /\b(?:import|require)\(\s*['"](\.[^'"]*)['"]/g,
];

/**
 * Checks the imports between the files of a source folder.
 *
 * @param source - The folder, laid out as src/.
 * @returns One line for each import that the rules forbid, and for each circle. Empty if there is no fault.
 */
export function findImportFaults(source: string): string[] {
  const files = sourceFiles(source);
  const imports = new Map(files.map((file) => [file, importsOf(source, file)]));
  const faults = [...imports].flatMap(([file, imported]) =>
    imported.flatMap((target) => {
      const reason = files.includes(target) ? whyForbidden(file, target) : 'no such source file';
      return reason === undefined ? [] : [`${file} imports ${target}: ${reason}`];
    }),
  );
  return [...faults, ...findCircles(imports)].sort();
}

/** The folders that have more than `most` source files directly in them, each as a line. Skips generated folders. */
export function findFullFolders(folder: string, most: number): string[] {
  const entries = readdirSync(folder, { withFileTypes: true });
  const isSource = (name: string) => /\.(?:[cm]?[jt]s|cc?|h|py|sh)$/.test(name);
  const count = entries.filter((entry) => entry.isFile() && isSource(entry.name)).length;
  const below = entries.filter((entry) => entry.isDirectory() && !/^(?:node_modules|headers|build)$/.test(entry.name));
  return [
    ...(count > most ? [`${folder} has ${count} source files`] : []),
    ...below.flatMap(({ name }) => findFullFolders(join(folder, name), most)),
  ];
}

/** Paths relative to `source`, with forward slashes. */
function sourceFiles(source: string): string[] {
  return readdirSync(source, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => /\.[cm]?ts$/.test(file) && statSync(join(source, file)).isFile());
}

/** The imported files, relative to `source`. package.json beside `source` is not one of them. */
function importsOf(source: string, file: string): string[] {
  const text = readFileSync(join(source, file), 'utf8');
  const specifiers = IMPORTS.flatMap((pattern) => [...text.matchAll(pattern)].map(([, specifier = '']) => specifier));
  return [...new Set(specifiers)]
    .map((specifier) => posix.join(posix.dirname(file), specifier).replace(/\.([cm]?)js$/, '.$1ts'))
    .filter((target) => target !== '../package.json');
}

function whyForbidden(file: string, target: string): string | undefined {
  const [from = '', ...fromRest] = file.split('/');
  const [to = '', ...toRest] = target.split('/');
  if (from !== to) {
    const allowed = MAY_IMPORT[from];
    if (allowed === undefined) return `the rules do not know ${from}`;
    return allowed.includes(to) ? undefined : `${from} may not import ${to}`;
  }
  const rooms = ROOMS[from] ?? [];
  const [room, above] = [fromRest, toRest].map((rest) => (rest.length > 1 ? (rest[0] ?? '') : undefined));
  for (const name of [room, above]) {
    if (name !== undefined && !rooms.includes(name)) return `the rules do not know ${from}/${name}`;
  }
  if (room === undefined || room === above) return undefined;
  if (above === undefined) return `${from}/${room} may not import a file directly in ${from}`;
  return rooms.indexOf(above) < rooms.indexOf(room) ? undefined : `${from}/${room} may not import ${from}/${above}`;
}

/** One line for each import that closes a circle, found by a depth-first walk. */
function findCircles(imports: ReadonlyMap<string, readonly string[]>): string[] {
  const circles: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]) => {
    const start = path.indexOf(file);
    if (start >= 0) circles.push(`circle: ${[...path.slice(start), file].join(' → ')}`);
    if (start >= 0 || done.has(file)) return;
    for (const target of imports.get(file) ?? []) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of imports.keys()) visit(file, []);
  return circles;
}
