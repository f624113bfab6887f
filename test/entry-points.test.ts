import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from './support/package/dist.js';
import { commandLine } from './support/run/runtime.js';

const require = createRequire(join(root, 'package.json'));
// Runs in the root, so that `zjj` resolves through the exports map as it does for a user.
const runModule = (source: string) => {
  const [command, ...args] = commandLine(['--input-type=module', '-e', source]);
  return execFileSync(command, args, { cwd: root, encoding: 'utf8' }).trim();
};

test('zjj and zjj/lock export exactly the public names', () => {
  expect(Object.keys(require('zjj')).sort()).toEqual([
    'ConfigEncodingError',
    'ConfigInvalidError',
    'ConfigParseError',
    'ConfigStore',
    'LockTimeoutError',
    'TomlDateTime',
    'TomlLiteral',
    'ZjjError',
    'getConfigValue',
    'getConfigValueSync',
    'lock',
    'lockSync',
    'readConfig',
    'readConfigSync',
    'setConfigValue',
    'setConfigValueSync',
    'tryLock',
    'unsetConfigValue',
    'unsetConfigValueSync',
    'updateConfig',
    'updateConfigSync',
    'withLock',
  ]);
  expect(Object.keys(require('zjj/lock')).sort()).toEqual([
    'LockTimeoutError',
    'ZjjError',
    'lock',
    'lockSync',
    'tryLock',
    'withLock',
  ]);
});

test('zjj and zjj/lock export the same functions and classes to import and require', () => {
  const output = runModule(`
    import { createRequire } from 'node:module';
    import * as zjj from 'zjj';
    import * as lock from 'zjj/lock';
    const require = createRequire(import.meta.url);
    const same = (a, b) => Object.keys(a).every((name) => a[name] === b[name]);
    console.log(same(require('zjj'), zjj), same(require('zjj/lock'), lock), same(lock, zjj));`);
  expect(output).toBe('true true true');
});

test('zjj/lock does not load the store', () => {
  const loaded = runModule(`
    import { createRequire } from 'node:module';
    const require = createRequire(import.meta.url);
    require('zjj/lock');
    console.log(Object.keys(require.cache).filter((file) => file.includes('dist')).length);`);
  expect(loaded).toBe('2');
});

test('the package has no script that npm runs at install, and one dependency', () => {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  for (const script of ['preinstall', 'install', 'postinstall', 'prepare', 'prepublish']) {
    expect(manifest.scripts).not.toHaveProperty(script);
  }
  expect(manifest.gypfile).toBe(false);
  expect(Object.keys(manifest.dependencies)).toEqual(['node-gyp-build']);
});
