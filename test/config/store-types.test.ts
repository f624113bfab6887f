import { join } from 'node:path';
import { type } from 'arktype';
import * as v from 'valibot';
import { expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import {
  type ConfigChange,
  ConfigStore,
  type Key,
  TomlDateTime,
  type TomlTable,
  type TomlValue,
} from '../../src/index.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

// tsc checks these types (npm run check). They also run, which shows that the members exist.
const path = () => join(temporaryDirectory(), 'config.toml');

interface Settings {
  port: number;
  host?: string;
  'dotted.name': boolean;
}

test('keys in T have their type, as strings and as one-part keys; other keys have TomlValue', () => {
  const store = new ConfigStore<Settings>(path());
  expectTypeOf(store.getSync('port')).toEqualTypeOf<number | undefined>();
  expectTypeOf(store.getSync(['dotted.name'])).toEqualTypeOf<boolean | undefined>();
  expectTypeOf(store.getSync('server.port')).toEqualTypeOf<TomlValue | undefined>();
  expectTypeOf(store.get('port')).toEqualTypeOf<Promise<number | undefined>>();
  expectTypeOf(store.all()).toEqualTypeOf<Promise<Readonly<Settings>>>();
  expectTypeOf(store.allSync()).toEqualTypeOf<Readonly<Settings>>();
});

test('set takes the type of the key, and never undefined', async () => {
  const store = new ConfigStore<Settings>(path());
  store.setSync('port', 1);
  store.setSync(['server', 'anything'], [new Date(0)]);
  // @ts-expect-error A port is not a string.
  store.setSync('port', 'x');
  // @ts-expect-error As above.
  await store.set(['port'], 'x');
  // @ts-expect-error T has no such key.
  store.setSync('prot', 1);
  // @ts-expect-error As above.
  await store.set('prot', 1);
  // @ts-expect-error An optional key is unset, not set to undefined.
  await store.set('host', undefined).catch(() => {});
});

test('a store without a type takes and returns any TOML value', () => {
  const store = new ConfigStore(path());
  expectTypeOf(store).toEqualTypeOf<ConfigStore<TomlTable, TomlTable>>();
  expectTypeOf(store.getSync('any.key')).toEqualTypeOf<TomlValue | undefined>();
  const key: Key = ['any', 'key'] as Key;
  store.setSync('any.key', new Date(0));
  store.setSync(key, 1);
  store.setSync(['any', 'date'], TomlDateTime.parse('2026-11-24'));
});

test('the defaults determine the type', () => {
  const store = new ConfigStore(path(), { defaults: { port: 8080 } });
  expectTypeOf(store).toEqualTypeOf<ConfigStore<{ port: number }>>();
  // @ts-expect-error The default port must be a number.
  new ConfigStore<Settings>(path(), { defaults: { port: 'x' } });
});

test('an update returns the result of its function, which must not be a promise', async () => {
  const store = new ConfigStore<Settings>(path());
  expectTypeOf(store.updateSync((transaction) => transaction.all())).toEqualTypeOf<TomlTable>();
  expectTypeOf(await store.update((transaction) => transaction.has('port'))).toEqualTypeOf<boolean>();
  // @ts-expect-error The function must be synchronous.
  await store.update(async () => 1).catch(() => {});
});

test('changes have the type of the store', async () => {
  const store = new ConfigStore<Settings>(path());
  const changes = store.watch();
  expectTypeOf<typeof changes>().toExtend<AsyncIterable<ConfigChange<Settings>>>();
  expectTypeOf<ConfigChange<Settings>['old']>().toEqualTypeOf<Readonly<Settings>>();
  await changes.return?.();
});

const schemas = {
  zod: z.object({
    port: z.number(),
    log: z.string().default('info'),
    since: z.string().transform((text) => new Date(text)),
  }),
  valibot: v.object({
    port: v.number(),
    log: v.optional(v.string(), 'info'),
    since: v.pipe(
      v.string(),
      v.transform((text) => new Date(text)),
    ),
  }),
  arktype: type({ port: 'number', log: 'string = "info"', since: ['string', '=>', (text) => new Date(text)] }),
};

interface Output {
  port: number;
  log: string;
  since: Date;
}

test('a store has the types of its schema: reads return the output, writes take the input', async () => {
  const defaults = { port: 1, since: '2026-11-24' };
  const ofZod = new ConfigStore(path(), { schema: schemas.zod, defaults });
  const ofValibot = new ConfigStore(path(), { schema: schemas.valibot, defaults });
  const ofArktype = new ConfigStore(path(), { schema: schemas.arktype, defaults });
  expectTypeOf(ofZod.allSync()).toEqualTypeOf<Readonly<Output>>();
  expectTypeOf(ofValibot.allSync()).toEqualTypeOf<Readonly<Output>>();
  expectTypeOf(ofArktype.allSync()).toEqualTypeOf<Readonly<Output>>();
  for (const store of [ofZod, ofValibot, ofArktype]) {
    expectTypeOf(store.getSync('since')).toEqualTypeOf<Date | undefined>();
    store.setSync('since', '2026-11-25');
    store.setSync('log', 'debug');
  }
  // @ts-expect-error Writes take the input of the schema, a string.
  await ofZod.set('since', new Date()).catch(() => {});
  // @ts-expect-error A key with a default cannot be set to undefined either.
  await ofZod.set('log', undefined).catch(() => {});
});

test('a store does not accept a schema whose output is not an object', () => {
  // @ts-expect-error
  new ConfigStore(path(), { schema: z.string() });
});

test('a schema can require TomlDateTime', () => {
  const store = new ConfigStore(path(), { schema: z.object({ day: z.instanceof(TomlDateTime).optional() }) });
  expectTypeOf(store.getSync('day')).toEqualTypeOf<TomlDateTime | undefined>();
});
