// Builds dist/: CommonJS with esbuild, thin ESM files over it, types with tsc. Also fills native/headers/, and builds
// the addon if this platform's prebuilt binary is not current.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { build } from 'esbuild';
import { ensureAddon } from './ensure-addon.mjs';
import { vendorHeaders } from './vendor-headers.mjs';

const root = join(import.meta.dirname, '../..');
const source = join(root, 'src');
const dist = join(root, 'dist');
const entryPoints = ['index', 'lock/index'];

const common = {
  absWorkingDir: root,
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node20.4',
  charset: 'utf8',
  logLevel: 'warning',
};

/**
 * Puts the lock and the errors into one file of dist/ that all entry points share. `zjj` and `zjj/lock` then have the
 * same classes and the same queues.
 */
const sharedLock = {
  name: 'shared-lock',
  setup({ onResolve }) {
    onResolve({ filter: /^\./ }, ({ path, importer, resolveDir, kind }) => {
      if (kind === 'entry-point') return undefined;
      const imported = relative(source, resolve(resolveDir, path)).replaceAll(sep, '/');
      const isShared = imported.startsWith('lock/') || imported === 'errors.js';
      if (!isShared) return undefined;
      const from = dirname(relative(source, importer)).startsWith('lock') ? '.' : './lock';
      return { path: `${from}/internal.js`, external: true };
    });
  },
};

rmSync(dist, { recursive: true, force: true });
await Promise.all([
  build({
    ...common,
    entryPoints: { 'lock/internal': 'src/lock/internal.ts' },
    outdir: 'dist',
    external: ['node-gyp-build'],
  }),
  build({
    ...common,
    entryPoints: Object.fromEntries(entryPoints.map((name) => [name, `src/${name}.ts`])),
    outdir: 'dist',
    external: ['node-gyp-build'],
    plugins: [sharedLock],
  }),
  build({ ...common, entryPoints: { 'cli/main': 'src/cli/main.ts' }, outdir: 'dist' }),
]);
buildTypes();
ensureAddon(root);
vendorHeaders(root);
for (const name of entryPoints) writeModule(name);

function buildTypes() {
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
  execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' });
  const reachable = new Set();
  for (const name of entryPoints) {
    const file = join(dist, `${name}.d.ts`);
    follow(file, reachable);
    const libraries = '/// <reference lib="esnext.disposable" />\n/// <reference types="node" />\n';
    writeFileSync(file, libraries + readFileSync(file, 'utf8'));
    writeFileSync(join(dist, `${name}.d.mts`), "export * from './index.js';\n");
  }
  for (const name of readdirSync(dist, { recursive: true })) {
    const file = join(dist, name);
    if (file.endsWith('.d.ts') && !reachable.has(file)) rmSync(file);
  }
}

/** Collects the declaration files that a public one imports. The others describe internals, and are removed. */
function follow(file, reachable) {
  if (reachable.has(file)) return;
  reachable.add(file);
  for (const [, imported] of readFileSync(file, 'utf8').matchAll(/\bfrom '(\.[^']+)\.js'/g)) {
    follow(join(dirname(file), `${imported}.d.ts`), reachable);
  }
}

/**
 * Writes an ESM file that re-exports the CommonJS one: a second copy would give import and require different classes.
 */
function writeModule(name) {
  const file = join(dist, `${name}.js`);
  const names = Object.keys(createRequire(import.meta.url)(file)).sort();
  if (names.length === 0 || !existsSync(file)) throw new Error(`${file} exports nothing`);
  writeFileSync(
    join(dist, `${name}.mjs`),
    `import commonjs from './index.js';\n\nexport const {\n${names.map((each) => `  ${each},\n`).join('')}} = commonjs;\n`,
  );
}
