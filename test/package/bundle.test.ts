import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
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
