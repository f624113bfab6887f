import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type } from 'arktype';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ConfigInvalidError, ConfigStore, type StandardSchema, TomlDateTime, ZjjError } from '../../src/index.js';
import { rejection } from '../support/rejection.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const configPath = () => join(temporaryDirectory(), 'config.toml');

function configOf(text: string): string {
  const path = configPath();
  writeFileSync(path, text);
  return path;
}

interface Settings {
  port: number;
  server: { hosts: string[] };
}

const schemas: Record<string, StandardSchema<Settings, Settings>> = {
  zod: z.object({ port: z.number().max(65535), server: z.object({ hosts: z.array(z.string()) }) }),
  valibot: v.object({
    port: v.pipe(v.number(), v.maxValue(65535)),
    server: v.object({ hosts: v.array(v.string()) }),
  }),
  arktype: type({ port: 'number <= 65535', server: { hosts: 'string[]' } }),
};

const good = '# ours\nport = 80 # web\n\n[server]\nhosts = ["a"]\n';

describe.each(Object.entries(schemas))('with a schema of %s', (_, schema) => {
  test('a valid config is read, frozen and without prototypes', async () => {
    const store = new ConfigStore(configOf(good), { schema });
    const all = await store.all();
    expect(all).toEqual({ port: 80, server: { hosts: ['a'] } });
    expect([await store.get('port'), await store.get('server.hosts')]).toEqual([80, ['a']]);
    for (const value of [all, all.server, all.server.hosts]) expect(Object.isFrozen(value)).toBe(true);
    expect([Object.getPrototypeOf(all), Object.getPrototypeOf(all.server)]).toEqual([null, null]);
  });

  test('an invalid config is not read, and the error names the file and every key that is wrong', async () => {
    const path = configOf('port = "x"\n[server]\nhosts = ["a", 2]\n');
    const store = new ConfigStore(path, { schema });
    const error = await rejection(store.get('port'));
    expect(error).toBeInstanceOf(ConfigInvalidError);
    expect(error).toMatchObject({
      code: 'CONFIG_INVALID',
      path,
      issues: [{ path: ['port'] }, { path: ['server', 'hosts', 1] }],
    });
    expect((error as Error).message).toMatch(/config\.toml is invalid: port\W.*; server\.hosts\[1\]\W/);
    expect(await rejection(store.all())).toMatchObject({ code: 'CONFIG_INVALID' });
    expect(await store.has('port')).toBe(true);
  });

  test('a write that would make it invalid is refused, and nothing is written', async () => {
    const path = configOf(good);
    const store = new ConfigStore(path, { schema });
    const changes = [
      store.set('port', 70_000),
      store.unset('server.hosts'),
      store.update((transaction) => {
        transaction.set('port', 81);
        transaction.set(['server', 'hosts'], [1]);
      }),
    ];
    const errors = await Promise.all(changes.map(rejection));
    expect(errors).toMatchObject([
      { code: 'CONFIG_INVALID', path, issues: [{ path: ['port'] }] },
      { code: 'CONFIG_INVALID', path, issues: [{ path: ['server', 'hosts'] }] },
      { code: 'CONFIG_INVALID', path, issues: [{ path: ['server', 'hosts', 0] }] },
    ]);
    expect(() => store.setSync('port', 70_000)).toThrow(
      /^Nothing was written: .*config\.toml would be invalid: port\W/,
    );
    expect(readFileSync(path, 'utf8')).toBe(good);
    expect(readdirSync(dirname(path)).sort()).toEqual(['config.toml', 'config.toml.lock']);
  });

  test('of calls that are written together, only those are refused that would make it invalid', async () => {
    const path = configOf(good);
    const store = new ConfigStore(path, { schema });
    const free = new ConfigStore(path);
    const results = await Promise.allSettled([
      store.set('port', 81),
      store.set('port', 70_000),
      free.set(['server', 'more'], 1),
      store.set('server', { hosts: [] }),
      store.unset('server.hosts'),
      store.set(['server', 'hosts'], ['b']),
    ]);
    // An object does not replace a table: the fourth fails without the schema.
    expect(results.map(({ status }) => status === 'fulfilled')).toEqual([true, false, true, false, false, true]);
    expect(readFileSync(path, 'utf8')).toBe('# ours\nport = 81 # web\n\n[server]\nhosts = ["b"]\nmore = 1\n');
  });

  test('an invalid config is repaired by writes that make it valid, and by no other', async () => {
    const path = configOf('port = "x"\n[server]\nhosts = [1]\n');
    const store = new ConfigStore(path, { schema });
    expect(await rejection(store.set('port', 1))).toMatchObject({ issues: [{ path: ['server', 'hosts', 0] }] });
    await store.update((transaction) => {
      transaction.set('port', 1);
      transaction.set(['server', 'hosts'], []);
    });
    expect(await store.all()).toEqual({ port: 1, server: { hosts: [] } });
  });
});

describe('what a schema makes of a config', () => {
  const schemas: Record<string, StandardSchema<{ name: string; level: string; size: number }, object>> = {
    zod: z.object({
      name: z.string().transform((name) => name.toUpperCase()),
      level: z.string().default('info'),
      size: z.number(),
    }),
    valibot: v.object({
      name: v.pipe(
        v.string(),
        v.transform((name) => name.toUpperCase()),
      ),
      level: v.optional(v.string(), 'info'),
      size: v.number(),
    }),
    arktype: type({
      '+': 'delete',
      name: ['string', '=>', (name) => name.toUpperCase()],
      level: 'string = "info"',
      size: 'number',
    }),
  };

  test.each(Object.entries(schemas))('is what reads give, and is never written (%s)', async (_, schema) => {
    const path = configOf('name = "a"\nother = 1\n');
    const store = new ConfigStore(path, { schema, defaults: { size: 3 } });
    expect(await store.all()).toEqual({ name: 'A', level: 'info', size: 3 });
    expect([await store.get('name'), await store.get('level'), await store.get('size')]).toEqual(['A', 'info', 3]);
    expect([await store.get('other'), await store.has('other'), await store.has('level')]).toEqual([
      undefined,
      true,
      false,
    ]);
    await store.update((transaction) => transaction.set('name', `${transaction.get('name')}b`));
    expect(readFileSync(path, 'utf8')).toBe('name = "ab"\nother = 1\n');
    expect(await store.get('name')).toBe('AB');
  });

  test('can be instances of classes, which stay what they are', async () => {
    class Server {
      constructor(readonly url: URL) {}
    }
    const schema = z.object({ url: z.string() }).transform(({ url }) => new Server(new URL(url)));
    const store = new ConfigStore(configOf('url = "http://a/b"\n'), { schema });
    const server: Server = await store.all();
    expect(server).toBeInstanceOf(Server);
    expect((await store.get('url'))?.pathname).toBe('/b');
    expect(await store.get('url.pathname')).toBeUndefined();
  });

  test('can be made of dates and of integers that no number holds', async () => {
    const schema = z.object({ when: z.instanceof(TomlDateTime).transform((when) => when.toDate()), big: z.bigint() });
    const store = new ConfigStore(configOf('when = 2026-11-24T00:00:00Z\nbig = 9223372036854775807\n'), { schema });
    expect({ ...(await store.all()) }).toEqual({ when: new Date('2026-11-24'), big: 2n ** 63n - 1n });
  });

  test('is asked for once while the file is the same', async () => {
    const path = configOf('a = 1\n');
    let count = 0;
    const schema = z.object({ a: z.number() }).refine(() => ++count);
    const store = new ConfigStore(path, { schema });
    const first = await store.all();
    expect(await store.get('a')).toBe(1);
    expect(await store.all()).toBe(first);
    expect(count).toBe(1);
    writeFileSync(path, 'a = 2\n');
    expect(await store.get('a')).toBe(2);
    expect(count).toBe(2);
  });

  test('may be made in what it was given, and others read what is stored', async () => {
    const path = configOf('list = [2, 1]\n[table]\na = 1\n');
    interface Changed {
      list: number[];
      table: { [name: string]: number };
    }
    const schema: StandardSchema<Changed> = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate(value) {
          const { list, table } = value as Changed;
          list.sort();
          table['b'] = 2;
          return { value };
        },
      },
    };
    expect(await new ConfigStore(path, { schema }).all()).toEqual({ list: [1, 2], table: { a: 1, b: 2 } });
    expect(await new ConfigStore(path).all()).toEqual({ list: [2, 1], table: { a: 1 } });
  });
});

test('a config that is not there must be valid too, by defaults', async () => {
  const schema = z.object({ port: z.number(), host: z.string() });
  const path = configPath();
  const store = new ConfigStore(path, { schema });
  expect(await rejection(store.get('port'))).toMatchObject({ issues: [{ path: ['port'] }, { path: ['host'] }] });
  expect(await rejection(store.set('port', 1))).toMatchObject({ issues: [{ path: ['host'] }] });
  expect(existsSync(path)).toBe(false);
  expect(await store.unset('port')).toBe(false);
  const withDefaults = new ConfigStore(path, { schema, defaults: { host: 'localhost' } });
  await withDefaults.set('port', 1);
  expect(await withDefaults.all()).toEqual({ port: 1, host: 'localhost' });
  expect(readFileSync(path, 'utf8')).toBe('port = 1\n');
});

test('an issue of the whole config is named without a key, and of many issues the first five', async () => {
  const whole = z.object({}).refine(() => false, 'nothing will do');
  expect(await rejection(new ConfigStore(configOf(''), { schema: whole }).all())).toMatchObject({
    message: expect.stringMatching(/is invalid: nothing will do$/),
    issues: [{ message: 'nothing will do', path: [] }],
  });
  const names = ['a b', 'c', 'd', 'e', 'f', 'g', 'h'];
  const many = z.object(Object.fromEntries(names.map((name) => [name, z.number(`no ${name}`)])));
  const error = await rejection(new ConfigStore(configOf(''), { schema: many }).all());
  expect((error as Error).message).toMatch(/: "a b": no a b; c: no c; d: no d; e: no e; f: no f; and 2 more$/);
  expect((error as ConfigInvalidError).issues).toHaveLength(7);
});

test('a key that a message begins with is not named twice', async () => {
  const schema = type({ port: 'number' });
  const error = await rejection(new ConfigStore(configOf('port = "x"\n'), { schema }).all());
  expect((error as Error).message).toMatch(/config\.toml is invalid: port must be a number/);
});

test('issues hold no values of the config, which may be secrets', async () => {
  const schema = v.object({ token: v.pipe(v.string(), v.minLength(20, 'too short')) });
  const error = await rejection(new ConfigStore(configOf('token = "secret"\n'), { schema }).all());
  expect(error).toMatchObject({ issues: [{ message: 'too short', path: ['token'] }] });
  expect(JSON.stringify(error)).not.toContain('secret');
});

test.each([
  ['zod', z.object({ a: z.number().refine(async () => false) })],
  ['valibot', v.objectAsync({ a: v.number() })],
  [
    'one that fails',
    { '~standard': { version: 1, vendor: 'test', validate: () => Promise.reject(new Error('late')) } },
  ],
] as const)('a schema (%s) that validates asynchronously is refused, and nothing is written', async (_, schema) => {
  const path = configOf('a = 1\n');
  const store = new ConfigStore<{ a: number }>(path, { schema });
  for (const promise of [store.all(), store.get('a'), store.set('a', 2)]) {
    const error = await rejection(promise);
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toMatch(/^The schema returned a promise/);
  }
  expect(readFileSync(path, 'utf8')).toBe('a = 1\n');
});

test('what is no schema is refused at once, and so is a schema whose output is no object', async () => {
  for (const schema of [{}, { '~standard': { version: 2, validate() {} } }, { '~standard': { version: 1 } }, null]) {
    expect(() => new ConfigStore(configPath(), { schema: schema as never })).toThrow(
      /^schema must be a Standard Schema/,
    );
  }
  const schema = z.object({}).transform(() => 'text') as never;
  await expect(new ConfigStore(configPath(), { schema }).all()).rejects.toThrow(/^The output of the schema must be/);
});

test('what a schema itself throws is what the call rejects with, and nothing is written', async () => {
  const path = configOf('a = 1\n');
  const mine = new Error('mine');
  const schema = v.object({
    a: v.pipe(
      v.number(),
      v.check(() => {
        throw mine;
      }),
    ),
  });
  const store = new ConfigStore(path, { schema });
  expect([await rejection(store.all()), await rejection(store.set('a', 2))]).toEqual([mine, mine]);
  expect(readFileSync(path, 'utf8')).toBe('a = 1\n');
});

test('a promise from an update is refused for being one, whatever it leaves', async () => {
  const path = configOf('a = 1\n');
  const store = new ConfigStore(path, { schema: z.object({ a: z.number() }) });
  const change = (async (transaction: { set(key: string, value: string): void }) => {
    transaction.set('a', 'x');
    throw new Error('seen by nobody');
  }) as never;
  expect(await rejection(store.update(change))).toMatchObject({ code: 'INVALID_VALUE' });
  expect(readFileSync(path, 'utf8')).toBe('a = 1\n');
});

test('ConfigInvalidError is told from others by its brand, across copies of the package', () => {
  const error = new ConfigInvalidError('no', { path: 'config.toml', issues: [] });
  const foreign = Object.defineProperty(new Error('no'), Symbol.for('zjj.error'), { value: 'ConfigInvalidError' });
  expect([error instanceof ZjjError, foreign instanceof ConfigInvalidError]).toEqual([true, true]);
  expect([error.name, error.code, new ZjjError('CONFIG_READ', '') instanceof ConfigInvalidError]).toEqual([
    'ConfigInvalidError',
    'CONFIG_INVALID',
    false,
  ]);
});
