import { copyFileSync, cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { path as addonPath } from 'node-gyp-build';
import { expect, test } from 'vitest';
import { root } from '../support/package/dist.js';
import { npmProject } from '../support/package/packed.js';
import { run } from '../support/process/run-command.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const program = `
import { getConfigValueSync, setConfigValue, ZjjError } from 'zjj';
import { tryLock, ZjjError as LockZjjError } from 'zjj/lock';

async function main() {
  const held = tryLock('bundle.lock');
  await setConfigValue('bundle.toml', 'key', 'value');
  console.log(held.held, getConfigValueSync('bundle.toml', 'key'), ZjjError === LockZjjError);
  held.release();
}
void main();
`;

test.for([
  ['esm', 'bundle.mjs'],
  ['cjs', 'bundle.cjs'],
] as const)('a bundle that esbuild makes as %s with zjj external runs', async ([format, file], context) => {
  const directory = temporaryDirectory();
  cpSync(npmProject(context).directory, directory, { recursive: true });
  writeFileSync(join(directory, 'program.js'), program);
  const { warnings } = await build({
    absWorkingDir: directory,
    entryPoints: ['program.js'],
    outfile: file,
    bundle: true,
    platform: 'node',
    format,
    external: ['zjj'],
    logLevel: 'silent',
  });
  expect(warnings).toEqual([]);
  expect(run([process.execPath, file], directory)).toEqual({ status: 0, stdout: 'true value true\n', stderr: '' });
});

// zjj's own addon under other names, in the places where a package has its binaries. It would work if it were loaded.
const ADDONS_OF_OTHERS = [
  join('prebuilds', `${process.platform}-${process.arch}`, 'app.node'),
  join('build', 'Release', 'app.node'),
];

const lockProgram = `
import { lockSync } from 'zjj/lock';
try {
  console.log('held', lockSync('bundle.lock').held);
} catch ({ code, message }) {
  console.log(code);
  console.log(message);
}
`;

test.for([
  ['esm', 'mjs', "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"],
  ['cjs', 'cjs', ''],
] as const)(
  'a bundle made as %s without external says so, and loads no addon of the package above it',
  async ([format, extension, banner], context) => {
    const directory = temporaryDirectory();
    cpSync(npmProject(context).directory, directory, { recursive: true });
    writeFileSync(join(directory, 'program.js'), lockProgram);
    for (const file of ADDONS_OF_OTHERS) {
      mkdirSync(join(directory, file, '..'), { recursive: true });
      copyFileSync(addonPath(root), join(directory, file));
    }
    const outfile = join('out', `bundle.${extension}`);
    await build({
      absWorkingDir: directory,
      entryPoints: ['program.js'],
      outfile,
      bundle: true,
      platform: 'node',
      format,
      banner: { js: banner },
      logLevel: 'silent',
    });
    const { status, stdout, stderr } = run([process.execPath, outfile], directory);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^ADDON_LOAD\n.*Mark zjj as external in the bundler's configuration/);
    expect(stdout).not.toContain(directory);
  },
);
