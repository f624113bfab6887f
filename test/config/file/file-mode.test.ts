import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ConfigStore, setConfigValue } from '../../../src/index.js';
import { withPackage } from '../../support/package/dist.js';
import { Child } from '../../support/process/child.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const configPath = () => join(temporaryDirectory(), 'config.toml');
const isPosix = process.platform !== 'win32';
const modeOf = (path: string) => (statSync(path).mode & 0o7777).toString(8);

describe.runIf(isPosix)('with fileMode 0600 and umask 0', () => {
  /** Starts a script that has a `store` with fileMode 0600. */
  const start = (path: string, script: string) =>
    Child.node(
      withPackage(`
        process.umask(0);
        const store = new zjj.ConfigStore(${JSON.stringify(path)}, { fileMode: 0o600 });
        ${script}`),
    );

  test.each([
    ['set', `await store.set('token', 'secret');`],
    ['setSync', `store.setSync('token', 'secret');`],
    ['update', `await store.update((transaction) => transaction.set('token', 'secret'));`],
    ['updateSync', `store.updateSync((transaction) => transaction.set('token', 'secret'));`],
  ])('%s creates a config and a lock file that only the owner can read', async (_, script) => {
    const path = configPath();
    const child = start(path, script);
    expect([await child.exit(), child.stderr]).toEqual([0, '']);
    expect([modeOf(path), modeOf(`${path}.lock`)]).toEqual(['600', '600']);
    expect(readFileSync(path, 'utf8')).toBe('token = "secret"\n');
  });

  test('only the owner can read the temporary file', async () => {
    const path = configPath();
    // If the lock file is new, the temporary file is there before the change runs.
    const child = start(
      path,
      `
      const fs = require('node:fs');
      const directory = ${JSON.stringify(dirname(path))};
      await store.update((config) => {
        const modes = fs.readdirSync(directory)
          .filter((name) => name.endsWith('.tmp'))
          .map((name) => (fs.statSync(directory + '/' + name).mode & 0o777).toString(8));
        console.log(JSON.stringify(modes));
        config.set('token', 'secret');
      });`,
    );
    expect(await child.line()).toBe('["600"]');
    expect([await child.exit(), child.stderr]).toEqual([0, '']);
  });
});

/** A config that exists, with its lock file. */
function existing(mode: number): string {
  const path = configPath();
  for (const file of [path, `${path}.lock`]) {
    writeFileSync(file, file === path ? 'a = 1\n' : '');
    chmodSync(file, mode);
  }
  return path;
}

const modesOf = (path: string) => [modeOf(path), modeOf(`${path}.lock`)];

describe.runIf(isPosix)('a config that exists', () => {
  test.for<[string, (store: ConfigStore) => unknown]>([
    ['set', (store) => store.set('a', 2)],
    ['setSync', (store) => store.setSync('a', 2)],
    ['a set of the stored value', (store) => store.set('a', 1)],
    ['a setSync of the stored value', (store) => store.setSync('a', 1)],
    ['unset', (store) => store.unset('a')],
  ])('and its lock file are narrowed to the fileMode of a write: %s', async ([, write]) => {
    const path = existing(0o644);
    await write(new ConfigStore(path, { fileMode: 0o600 }));
    expect(modesOf(path)).toEqual(['600', '600']);
  });

  test.for<[string, number, (store: ConfigStore) => unknown]>([
    ['a narrower file is never widened', 0o600, (store) => store.set('a', 2)],
    ['an update that only reads narrows nothing', 0o666, (store) => store.update((config) => config.get('a'))],
    ['an unset of a missing key narrows nothing', 0o666, (store) => store.unset('b')],
    ['a set that is refused narrows nothing', 0o666, (store) => store.set('a.b', 1).catch(() => {})],
  ])('%s', async ([, mode, write]) => {
    const path = existing(mode);
    await write(new ConfigStore(path, { fileMode: 0o640 }));
    expect(modesOf(path)).toEqual([mode.toString(8), mode.toString(8)]);
  });

  test('is not narrowed by a write without a fileMode', async () => {
    const path = existing(0o666);
    await new ConfigStore(path).set('a', 2);
    new ConfigStore(path).setSync('a', 3);
    expect(modesOf(path)).toEqual(['666', '666']);
  });

  test('keeps only what all calls of a batch allow', async () => {
    const path = existing(0o666);
    await Promise.all(
      [0o664, undefined, 0o646].map((fileMode, index) => setConfigValue(path, `k${index}`, 1, { fileMode })),
    );
    expect(modesOf(path)).toEqual(['644', '644']);
  });
});

describe.runIf(isPosix)('a config that a batch creates with umask 0', () => {
  test.for<[string, string, [string, string]]>([
    ['is no wider than any call asked', `set('a', 0o644), set('b', undefined), set('c', 0o600)`, ['600', '600']],
    ['has the mode of the call that wrote, after one that failed', `fails(undefined), set('a', 0o600)`, ['600', '600']],
    ['has the mode of the call that wrote, after one that read', `reads(undefined), set('a', 0o600)`, ['600', '600']],
    ['is not narrowed by a call that failed', `fails(0o600), set('a', 0o640)`, ['640', '640']],
    ['is not narrowed by a call that read', `reads(0o600), set('a', undefined)`, ['666', '666']],
  ])('%s', async ([, calls, modes]) => {
    const path = configPath();
    const child = Child.node(
      withPackage(`
        process.umask(0);
        const path = ${JSON.stringify(path)};
        const set = (key, fileMode) => zjj.setConfigValue(path, key, 1, { fileMode });
        const fails = (fileMode) => zjj.updateConfig(path, () => { throw new Error('no'); }, { fileMode }).catch(() => {});
        const reads = (fileMode) => zjj.updateConfig(path, (config) => config.get('a'), { fileMode });
        await Promise.all([${calls}]);`),
    );
    expect([await child.exit(), child.stderr]).toEqual([0, '']);
    expect(modesOf(path)).toEqual(modes);
    expect(readdirSync(dirname(path)).sort()).toEqual(['config.toml', 'config.toml.lock']);
  });

  test('gets new directories that deny others likewise', async () => {
    const directory = temporaryDirectory();
    const modes = { 600: '700', 640: '750', 604: '705', 666: '777', 400: '700' };
    const child = Child.node(
      withPackage(`
        process.umask(0);
        for (const mode of ${JSON.stringify(Object.keys(modes))}) {
          const path = (form) => ${JSON.stringify(directory)} + '/' + form + mode + '/new/config.toml';
          const fileMode = Number.parseInt(mode, 8);
          await zjj.setConfigValue(path('async'), 'a', 1, { fileMode });
          zjj.setConfigValueSync(path('sync'), 'a', 1, { fileMode });
        }`),
    );
    expect([await child.exit(), child.stderr]).toEqual([0, '']);
    for (const [mode, directoryMode] of Object.entries(modes)) {
      for (const form of ['async', 'sync']) {
        const made = join(directory, form + mode);
        expect([made, join(made, 'new'), join(made, 'new', 'config.toml')].map(modeOf)).toEqual([
          directoryMode,
          directoryMode,
          mode,
        ]);
      }
    }
  });
});

test('an invalid fileMode throws a RangeError, and nothing is created', async () => {
  const path = configPath();
  for (const fileMode of [-1, 0o10000, 1.5, Number.NaN]) {
    await expect(setConfigValue(path, 'a', 1, { fileMode })).rejects.toThrow(RangeError);
    expect(() => new ConfigStore(path, { fileMode }).setSync('a', 1)).toThrow(RangeError);
  }
  expect(readdirSync(dirname(path))).toEqual([]);
});
