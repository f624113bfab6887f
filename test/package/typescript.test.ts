import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, type TestContext, test } from 'vitest';
import { root } from '../support/package/dist.js';
import { npmProject } from '../support/package/packed.js';
import { tool } from '../support/package/tools.js';
import { run } from '../support/process/run-command.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

// The types of the package as npm installs it, for a user who turns every check on. Wrong uses must be errors, or the
// types could be `any`: @ts-expect-error is itself an error if the next line has none.

const use = `
const store = new ConfigStore<{ port: number }>('config.toml', { defaults: { port: 8080 } });
export const port: Promise<number | undefined> = store.get('port');
// @ts-expect-error
export const notText: Promise<string | undefined> = store.get('port');
// @ts-expect-error
store.set('port', 'not a number');
export const id: Promise<number> = updateConfig('config.toml', (transaction) => {
  transaction.set('last_id', 1);
  return 1;
});
// @ts-expect-error
setConfigValue(1, 'key', 'value');
export const held: FileLock | null = tryLock('a.lock', { mode: 'shared' });
// @ts-expect-error
tryLock('a.lock', { mode: 'wrong' });
export const result: Promise<string> = withLock('a.lock', { timeout: 10 }, async () => 'done');
// @ts-expect-error
export const notNumber: Promise<number> = withLock('a.lock', async () => 'done');
export const code = (error: unknown) => (error instanceof ZjjError ? error.code : undefined);
// @ts-expect-error
export const notCode: number = code(new Error());
export const isOneClass: typeof ZjjError = LockZjjError;
`;

const imports = `
import { ConfigStore, setConfigValue, updateConfig, ZjjError } from 'zjj';
import { type FileLock, tryLock, withLock, ZjjError as LockZjjError } from 'zjj/lock';
// @ts-expect-error
import { notThere } from 'zjj';
export { notThere };
`;

const requires = `
import zjj = require('zjj');
import lock = require('zjj/lock');
const { ConfigStore, setConfigValue, updateConfig, ZjjError } = zjj;
const { tryLock, withLock, ZjjError: LockZjjError } = lock;
type FileLock = lock.FileLock;
// @ts-expect-error
zjj.notThere;
`;

const resolutions = {
  nodenext: {
    options: { module: 'nodenext', moduleResolution: 'nodenext' },
    files: { 'import.mts': imports + use, 'import.cts': imports + use, 'require.cts': requires + use },
  },
  bundler: {
    options: { module: 'esnext', moduleResolution: 'bundler' },
    files: { 'import.ts': imports + use },
  },
};

const compilers: Record<string, (context: TestContext) => string> = {
  'TypeScript 5': (context) => tool(context, 'package', 'typescript', 'bin/tsc'),
  'TypeScript 7': () => join(root, 'node_modules/typescript/bin/tsc'),
};

describe.each(Object.entries(compilers))('%s', (_, compiler) => {
  test.for(Object.entries(resolutions))(
    'compiles a program that uses the package, with %s',
    ([, { options, files }], context) => {
      const tsc = compiler(context);
      const directory = temporaryDirectory();
      cpSync(npmProject(context).directory, directory, { recursive: true });
      mkdirSync(join(directory, 'node_modules/@types'));
      symlinkSync(join(root, 'node_modules/@types/node'), join(directory, 'node_modules/@types/node'), 'junction');
      for (const [file, text] of Object.entries(files)) writeFileSync(join(directory, file), text);
      const compilerOptions = {
        target: 'es2022',
        strict: true,
        exactOptionalPropertyTypes: true,
        skipLibCheck: false,
        // Skips TypeScript's own libraries, which take half of the time.
        skipDefaultLibCheck: true,
        types: ['node'],
        noEmit: true,
        ...options,
      };
      writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: Object.keys(files) }));
      expect(run([process.execPath, tsc], directory)).toEqual({ status: 0, stdout: '', stderr: '' });
    },
  );
});
