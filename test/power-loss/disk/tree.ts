import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A file, or a directory with everything in it. */
export type Tree =
  | { readonly kind: 'file'; readonly data: Buffer; readonly mode: number }
  | { readonly kind: 'directory'; readonly entries: ReadonlyMap<string, Tree> };

export function readTree(path: string): Tree {
  const stats = statSync(path);
  if (stats.isFile()) return { kind: 'file', data: readFileSync(path), mode: stats.mode & 0o7777 };
  const names = readdirSync(path);
  return { kind: 'directory', entries: new Map(names.map((name) => [name, readTree(join(path, name))])) };
}

/** Makes the tree at a path that does not exist. */
export function writeTree(path: string, tree: Tree): void {
  if (tree.kind === 'file') {
    writeFileSync(path, tree.data, { mode: tree.mode });
    return;
  }
  mkdirSync(path);
  for (const [name, entry] of tree.entries) writeTree(join(path, name), entry);
}

/** The file or directory at a relative path, if there is one. */
export function findIn(tree: Tree, path: string): Tree | undefined {
  let found: Tree | undefined = tree;
  for (const name of path.split('/')) found = found?.kind === 'directory' ? found.entries.get(name) : undefined;
  return found;
}

/** One line for each file, for messages and to tell equal trees. */
export function describeTree(tree: Tree, path = '.'): string {
  if (tree.kind === 'file') {
    return `${path} (${tree.mode.toString(8)}): ${JSON.stringify(tree.data.toString('latin1').trimEnd())}`;
  }
  const entries = [...tree.entries].sort(([one], [two]) => (one < two ? -1 : 1));
  return [`${path}/`, ...entries.map(([name, entry]) => describeTree(entry, `${path}/${name}`))].join('\n');
}
