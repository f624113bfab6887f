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

const validText = '# ours\nport = 80 # web\n\n[server]\nhosts = ["a"]\n';

describe.each(Object.entries(schemas))('with a schema of %s', (_, schema) => {
  test('reads of a valid config return frozen values without prototypes', async () => {
    const store = new ConfigStore(configOf(validText), { schema });
    const all = await store.all();
    expect(all).toEqual({ port: 80, server: { hosts: ['a'] } });
    expect([await store.get('port'), await store.get('server.hosts')]).toEqual([80, ['a']]);
    for (const value of [all, all.server, all.server.hosts]) expect(Object.isFrozen(value)).toBe(true);
    expect([Object.getPrototypeOf(all), Object.getPrototypeOf(all.server)]).toEqual([null, null]);
  });

  test('reads of an invalid config fail, and the error names the file and every wrong key', async () => {
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

  test('a write that would make the config invalid fails, and nothing is written', async () => {
    const path = configOf(validText);
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
    expect(readFileSync(path, 'utf8')).toBe(validText);
    expect(readdirSync(dirname(path)).sort()).toEqual(['config.toml', 'config.toml.lock']);
  });

  test('in a batch, only the calls that would make the config invalid fail', async () => {
    const path = configOf(validText);
    const store = new ConfigStore(path, { schema });
    const unchecked = new ConfigStore(path);
    const results = await Promise.allSettled([
      store.set('port', 81),
      store.set('port', 70_000),
      unchecked.set(['server', 'more'], 1),
      store.set('server', { hosts: [] }),
      store.unset('server.hosts'),
      store.set(['server', 'hosts'], ['b']),
    ]);
    // The fourth fails even without a schema: an object does not replace a table.
    expect(results.map(({ status }) => status === 'fulfilled')).toEqual([true, false, true, false, false, true]);
    expect(readFileSync(path, 'utf8')).toBe('# ours\nport = 81 # web\n\n[server]\nhosts = ["b"]\nmore = 1\n');
  });

  test('only a write that makes an invalid config valid can repair it', async () => {
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

describe('the output of a schema', () => {
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

  test.each(Object.entries(schemas))('is the result of reads and is never written (%s)', async (_, schema) => {
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

  test('can contain class instances, which keep their class', async () => {
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

  test('can be made from dates and 64-bit integers', async () => {
    const schema = z.object({ when: z.instanceof(TomlDateTime).transform((when) => when.toDate()), big: z.bigint() });
    const store = new ConfigStore(configOf('when = 2026-11-24T00:00:00Z\nbig = 9223372036854775807\n'), { schema });
    expect({ ...(await store.all()) }).toEqual({ when: new Date('2026-11-24'), big: 2n ** 63n - 1n });
  });

  test('is computed once while the file does not change', async () => {
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

  test('may be the changed input, while other stores read the stored config', async () => {
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

test('a missing config must be valid too, with the defaults', async () => {
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

test('a message names no key for an issue of the whole config, and only the first five of many issues', async () => {
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

test('a key at the beginning of a message is not repeated', async () => {
  const schema = type({ port: 'number' });
  const error = await rejection(new ConfigStore(configOf('port = "x"\n'), { schema }).all());
  expect((error as Error).message).toMatch(/config\.toml is invalid: port must be a number/);
});

test('issues contain no values of the config, which may be secrets', async () => {
  const schema = v.object({ token: v.pipe(v.string(), v.minLength(20, 'too short')) });
  const error = await rejection(new ConfigStore(configOf('token = "secret"\n'), { schema }).all());
  expect(error).toMatchObject({ issues: [{ message: 'too short', path: ['token'] }] });
  expect(JSON.stringify(error)).not.toContain('secret');
});

test.each([
  ['zod', z.object({ a: z.number().refine(async () => false) })],
  ['valibot', v.objectAsync({ a: v.number() })],
  [
    'one that rejects',
    { '~standard': { version: 1, vendor: 'test', validate: () => Promise.reject(new Error('late')) } },
  ],
] as const)('an asynchronous schema (%s) makes calls fail, and nothing is written', async (_, schema) => {
  const path = configOf('a = 1\n');
  const store = new ConfigStore<{ a: number }>(path, { schema });
  for (const promise of [store.all(), store.get('a'), store.set('a', 2)]) {
    const error = await rejection(promise);
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toMatch(/^The schema returned a promise/);
  }
  expect(readFileSync(path, 'utf8')).toBe('a = 1\n');
});

test('the constructor throws if schema is not a schema, reads throw if its output is not an object', async () => {
  for (const schema of [{}, { '~standard': { version: 2, validate() {} } }, { '~standard': { version: 1 } }, null]) {
    expect(() => new ConfigStore(configPath(), { schema: schema as never })).toThrow(
      /^schema must be a Standard Schema/,
    );
  }
  const schema = z.object({}).transform(() => 'text') as never;
  await expect(new ConfigStore(configPath(), { schema }).all()).rejects.toThrow(/^The output of the schema must be/);
});

test('a call rejects with the error that the schema throws, and nothing is written', async () => {
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

test('an update whose function returns a promise fails for that reason, even with an invalid change', async () => {
  const path = configOf('a = 1\n');
  const store = new ConfigStore(path, { schema: z.object({ a: z.number() }) });
  const change = (async (transaction: { set(key: string, value: string): void }) => {
    transaction.set('a', 'x');
    throw new Error('seen by nobody');
  }) as never;
  expect(await rejection(store.update(change))).toMatchObject({ code: 'INVALID_VALUE' });
  expect(readFileSync(path, 'utf8')).toBe('a = 1\n');
});

test('instanceof recognizes ConfigInvalidError from another copy of the package', () => {
  const error = new ConfigInvalidError('no', { path: 'config.toml', issues: [] });
  const foreign = Object.defineProperty(new Error('no'), Symbol.for('zjj.error'), { value: 'ConfigInvalidError' });
  expect([error instanceof ZjjError, foreign instanceof ConfigInvalidError]).toEqual([true, true]);
  expect([error.name, error.code, new ZjjError('CONFIG_READ', '') instanceof ConfigInvalidError]).toEqual([
    'ConfigInvalidError',
    'CONFIG_INVALID',
    false,
  ]);
});
