import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ConfigStore, lock, setConfigValue, TomlDateTime, TomlLiteral } from '../../src/index.js';
import { rejection } from '../support/rejection.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

interface Settings {
  port: number;
  host: string;
  'dotted.name': boolean;
}

const configPath = () => join(temporaryDirectory(), 'config.toml');

test('a store gets, has, sets and unsets typed keys', async () => {
  const store = new ConfigStore<Settings>(configPath());
  await store.set('port', 8080);
  await store.set(['dotted.name'], true);
  await store.set(['nested', 'deep'], 'x');
  const port: number | undefined = await store.get('port');
  const dotted: boolean | undefined = await store.get(['dotted.name']);
  expect([port, dotted, await store.get('nested.deep')]).toEqual([8080, true, 'x']);
  expect([await store.has('port'), await store.has('host')]).toEqual([true, false]);
  expect([await store.unset('port'), await store.unset('port')]).toEqual([true, false]);
  expect(await store.all()).toEqual({ 'dotted.name': true, nested: { deep: 'x' } });
});

test('a store sees the writes of others immediately', async () => {
  const path = configPath();
  const store = new ConfigStore(path);
  expect(await store.get('a')).toBeUndefined();
  await setConfigValue(path, 'a', 1);
  expect(await store.get('a')).toBe(1);
  await new ConfigStore(path).set(['a'], 2);
  expect(await store.get('a')).toBe(2);
});

test('defaults stand in for missing keys and are never written', async () => {
  const path = configPath();
  const store = new ConfigStore<Settings>(path, { defaults: { port: 1, host: 'localhost' } });
  await store.set('port', 2);
  expect([await store.get('port'), await store.get('host'), await store.has('host')]).toEqual([2, 'localhost', false]);
  expect(await store.all()).toEqual({ port: 2, host: 'localhost' });
  expect(readFileSync(path, 'utf8')).toBe('port = 2\n');
});

test('readers cannot change the defaults', async () => {
  const list = [1];
  const store = new ConfigStore(configPath(), { defaults: { list } });
  list.push(2);
  const read = (await store.get('list')) as number[];
  expect(() => read.push(3)).toThrow(TypeError);
  expect(await store.get('list')).toEqual([1]);
});

test('a store without a type takes any value', async () => {
  const store = new ConfigStore(configPath(), { timeout: 1000 });
  await store.set('when', new Date(0), { timeout: undefined });
  await store.set(['mode'], new TomlLiteral('0o17'));
  expect(JSON.stringify(await store.all())).toBe('{"when":"1970-01-01T00:00:00Z","mode":15}');
});

test('an update reads and writes in one step', async () => {
  const store = new ConfigStore(configPath());
  const increment = () =>
    store.update((transaction) => {
      const next = Number(transaction.get('count') ?? 0) + 1;
      transaction.set('count', next);
      return next;
    });
  const counts = await Promise.all(Array.from({ length: 20 }, increment));
  expect(counts).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
});

test('reads return frozen values without prototypes, with the types of TOML', async () => {
  const store = new ConfigStore(configPath());
  await store.update((transaction) => {
    transaction.set('big', 2n ** 62n);
    transaction.set('day', TomlDateTime.parse('2026-11-23'));
    transaction.set('__proto__.polluted', true);
    transaction.set('list', [1, 'two', [3.5]]);
  });
  const all = await store.all();
  expect(Object.getPrototypeOf(all)).toBeNull();
  expect(Object.isFrozen(all) && Object.isFrozen(all['list'])).toBe(true);
  expect(all['big']).toBe(2n ** 62n);
  expect(String(all['day'])).toBe('2026-11-23');
  expect(Object.keys(all)).toContain('__proto__');
  expect([await store.get('__proto__.polluted'), await store.get('constructor')]).toEqual([true, undefined]);
  // Members of values are not keys.
  expect([await store.get('day.text'), await store.get('list.0'), await store.get('list.length')]).toEqual(
    Array(3).fill(undefined),
  );
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
});

test('defaults are merged under stored tables at any depth', async () => {
  const path = configPath();
  writeFileSync(path, 'plain = 1\n[server]\nhost = "a"\n[server.log]\nlevel = "debug"\n');
  const defaults = { server: { port: 80, log: { level: 'info', file: '-' } }, plain: { table: true }, list: [1] };
  const store = new ConfigStore<object>(path, { defaults });
  const all = { server: { host: 'a', port: 80, log: { level: 'debug', file: '-' } }, plain: 1, list: [1] };
  expect(await store.all()).toEqual(all);
  expect([await store.get('server.port'), await store.get('server.log.level'), await store.get('server')]).toEqual([
    80,
    'debug',
    all.server,
  ]);
  // A stored value hides a default table.
  expect(await store.get('plain.table')).toBeUndefined();
  expect([await store.has('server.port'), await store.has('server.host')]).toEqual([false, true]);
});

test('every call has a synchronous form', () => {
  const path = configPath();
  const store = new ConfigStore<Settings>(path, { defaults: { host: 'localhost' } });
  expect([store.hasSync('port'), store.unsetSync('port'), existsSync(`${path}.lock`)]).toEqual([false, false, false]);
  store.setSync('port', 8080);
  expect([store.getSync('port'), store.getSync('host'), store.hasSync('port'), store.hasSync('host')]).toEqual([
    8080,
    'localhost',
    true,
    false,
  ]);
  const seen = store.updateSync((transaction) => {
    transaction.set(['dotted.name'], true);
    return transaction.all();
  });
  expect(seen).toEqual({ port: 8080, 'dotted.name': true });
  expect(store.allSync()).toEqual({ host: 'localhost', port: 8080, 'dotted.name': true });
  expect([store.unsetSync('port'), store.unsetSync('port')]).toEqual([true, false]);
  expect(readFileSync(path, 'utf8')).toBe('"dotted.name" = true\n');
});

test('timeout and signal of a store apply to calls without their own', async () => {
  const path = configPath();
  const controller = new AbortController();
  const store = new ConfigStore(path, { timeout: 20, signal: controller.signal });
  const held = await lock(`${path}.lock`);
  expect(await rejection(store.set('a', 1))).toMatchObject({ code: 'LOCK_TIMEOUT', timeout: 20 });
  expect(await rejection(store.set('a', 1, { timeout: 0 }))).toMatchObject({ code: 'LOCK_TIMEOUT', timeout: 0 });
  const waiting = rejection(store.unset('a', { timeout: Number.POSITIVE_INFINITY }));
  held.release();
  expect(await waiting).toBeUndefined();
  controller.abort('over');
  expect(await rejection(store.set('a', 1))).toBe('over');
  expect(await rejection(store.watch().next())).toBe('over');
  await store.set('a', 1, { signal: new AbortController().signal });
});
