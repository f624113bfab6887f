import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  ConfigStore,
  readConfigSync,
  setConfigValue,
  setConfigValueSync,
  unsetConfigValue,
  unsetConfigValueSync,
  updateConfig,
  updateConfigSync,
} from '../../src/index.js';
import { rejection } from '../support/rejection.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const configPath = () => join(temporaryDirectory(), 'config.toml');
const nothing = () => {};

/** A call with options that its type forbids. */
type Call = (path: string, options: never) => unknown;

const functions: Record<string, Call> = {
  setConfigValue: (path, options) => setConfigValue(path, 'a', 1, options),
  unsetConfigValue: (path, options) => unsetConfigValue(path, 'a', options),
  updateConfig: (path, options) => updateConfig(path, nothing, options),
};
const syncFunctions: Record<string, Call> = {
  setConfigValueSync: (path, options) => setConfigValueSync(path, 'a', 1, options),
  unsetConfigValueSync: (path, options) => unsetConfigValueSync(path, 'a', options),
  updateConfigSync: (path, options) => updateConfigSync(path, nothing, options),
};
const methods: Record<string, Call> = {
  set: (path, options) => new ConfigStore(path).set('a', 1, options),
  unset: (path, options) => new ConfigStore(path).unset('a', options),
  update: (path, options) => new ConfigStore(path).update(nothing, options),
};
const syncMethods: Record<string, Call> = {
  setSync: (path, options) => new ConfigStore(path).setSync('a', 1, options),
  unsetSync: (path, options) => new ConfigStore(path).unsetSync('a', options),
  updateSync: (path, options) => new ConfigStore(path).updateSync(nothing, options),
};
const watches: Record<string, Call> = {
  watch: (path, options) => new ConfigStore(path).watch(options),
  onChange: (path, options) => new ConfigStore(path).onChange(nothing, options),
};
const constructors: Record<string, Call> = { ConfigStore: (path, options) => new ConfigStore(path, options) };

const WHOLE: [unknown, string][] = [
  [5000, 'options must be an object, not number'],
  [null, 'options must be an object, not null'],
  [{ timeOut: 10 }, "Unknown option 'timeOut'"],
];
const WAIT: [unknown, string][] = [
  [{ timeout: null }, 'timeout must be a number of milliseconds, not null'],
  [{ timeout: '10' }, 'timeout must be a number of milliseconds, not string'],
  [{ onWait: 5 }, 'onWait must be a function, not number'],
  [{ onWait: null }, 'onWait must be a function, not null'],
];
const FILE_MODE: [unknown, string][] = [
  [{ fileMode: null }, 'fileMode must be a number, not null'],
  [{ fileMode: '600' }, 'fileMode must be a number, not string'],
];
const SIGNAL: [unknown, string][] = [
  [{ signal: {} }, 'signal must be an AbortSignal'],
  [{ signal: null }, 'signal must be an AbortSignal'],
];
const NO_SIGNAL: [unknown, string][] = [[{ signal: new AbortController().signal }, "Unknown option 'signal'"]];
const ON_ERROR: [unknown, string][] = [
  [{ onError: 5 }, 'onError must be a function, not number'],
  [{ timeout: 5 }, "Unknown option 'timeout'"],
];

describe('wrong options are a TypeError, and leave no file behind:', () => {
  test.for<[string, Call, [unknown, string][]]>([
    ...rows(functions, [...WHOLE, ...WAIT, ...FILE_MODE, ...SIGNAL]),
    ...rows(syncFunctions, [...WHOLE, ...WAIT, ...FILE_MODE, ...NO_SIGNAL]),
    ...rows(methods, [...WHOLE, ...WAIT, ...SIGNAL, [{ fileMode: 0o600 }, "Unknown option 'fileMode'"]]),
    ...rows(syncMethods, [...WHOLE, ...WAIT, ...NO_SIGNAL]),
    ...rows(watches, [...WHOLE, ...SIGNAL, ...ON_ERROR]),
    ...rows(constructors, [...WHOLE, ...WAIT, ...FILE_MODE, ...SIGNAL]),
  ])('%s', async ([, call, cases]) => {
    const path = configPath();
    for (const [options, message] of cases) {
      const error = await rejection((async () => call(path, options as never))());
      expect(error, message).toBeInstanceOf(TypeError);
      expect((error as TypeError).message).toContain(message);
    }
    expect(readdirSync(join(path, '..'))).toEqual([]);
  });
});

function rows(calls: Record<string, Call>, cases: [unknown, string][]): [string, Call, [unknown, string][]][] {
  return Object.entries(calls).map(([name, call]) => [name, call, cases]);
}

test('options that are undefined have their defaults', async () => {
  const path = configPath();
  const sync = { timeout: undefined, onWait: undefined };
  const wait = { ...sync, signal: undefined };
  await setConfigValue(path, 'a', 1, { ...wait, fileMode: undefined });
  const store = new ConfigStore(path, { ...wait, fileMode: undefined, defaults: undefined, schema: undefined });
  await store.set('b', 2, wait);
  store.setSync('c', 3, sync);
  await store.update(nothing, undefined);
  store.onChange(nothing, { signal: undefined, onError: undefined })[Symbol.dispose]();
  expect(readConfigSync(path)).toEqual({ a: 1, b: 2, c: 3 });
});

test.for([true, false])('a store with an aborted signal refuses every form alike (file exists: %s)', async (exists) => {
  const path = configPath();
  if (exists) setConfigValueSync(path, 'a', 1);
  const files = readdirSync(join(path, '..'));
  const reason = new Error('no more');
  const store = new ConfigStore(path, { signal: AbortSignal.abort(reason) });
  const forms = [
    () => store.set('a', 2),
    () => store.unset('a'),
    () => store.update((transaction) => transaction.set('a', 2)),
    () => store.setSync('a', 2),
    () => store.unsetSync('a'),
    () => store.updateSync((transaction) => transaction.set('a', 2)),
    () => unsetConfigValue(path, 'a', { signal: AbortSignal.abort(reason) }),
  ];
  for (const form of forms) expect(await rejection((async () => form())())).toBe(reason);
  expect(readdirSync(join(path, '..'))).toEqual(files);
  expect(existsSync(path)).toBe(exists);
  if (exists) expect(readConfigSync(path)).toEqual({ a: 1 });
});
