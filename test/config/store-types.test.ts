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

// tsc sees these fail (npm run check); that they run as well shows that they are about things that exist.
const path = () => join(temporaryDirectory(), 'config.toml');

interface Settings {
  port: number;
  host?: string;
  'dotted.name': boolean;
}

test('names of T are typed, as strings and as one-part keys; other keys are what TOML holds', () => {
  const store = new ConfigStore<Settings>(path());
  expectTypeOf(store.getSync('port')).toEqualTypeOf<number | undefined>();
  expectTypeOf(store.getSync(['dotted.name'])).toEqualTypeOf<boolean | undefined>();
  expectTypeOf(store.getSync('server.port')).toEqualTypeOf<TomlValue | undefined>();
  expectTypeOf(store.get('port')).toEqualTypeOf<Promise<number | undefined>>();
  expectTypeOf(store.all()).toEqualTypeOf<Promise<Readonly<Settings>>>();
  expectTypeOf(store.allSync()).toEqualTypeOf<Readonly<Settings>>();
});

test('a value is set by the type of its name, never as undefined', async () => {
  const store = new ConfigStore<Settings>(path());
  store.setSync('port', 1);
  store.setSync(['server', 'anything'], [new Date(0)]);
  // @ts-expect-error A string is no port.
  store.setSync('port', 'x');
  // @ts-expect-error As above.
  await store.set(['port'], 'x');
  // @ts-expect-error A key that T does not have.
  store.setSync('prot', 1);
  // @ts-expect-error As above.
  await store.set('prot', 1);
  // @ts-expect-error A key that may be absent is unset, not set to undefined.
  await store.set('host', undefined).catch(() => {});
});

test('a store without a type takes and gives what TOML holds', () => {
  const store = new ConfigStore(path());
  expectTypeOf(store).toEqualTypeOf<ConfigStore<TomlTable, TomlTable>>();
  expectTypeOf(store.getSync('any.key')).toEqualTypeOf<TomlValue | undefined>();
  const key: Key = ['any', 'key'] as Key;
  store.setSync('any.key', new Date(0));
  store.setSync(key, 1);
  store.setSync(['any', 'date'], TomlDateTime.parse('2026-11-24'));
});

test('defaults alone give the type', () => {
  const store = new ConfigStore(path(), { defaults: { port: 8080 } });
  expectTypeOf(store).toEqualTypeOf<ConfigStore<{ port: number }>>();
  // @ts-expect-error The default of a port is a number.
  new ConfigStore<Settings>(path(), { defaults: { port: 'x' } });
});

test('an update gives what its function gives, which is no promise', async () => {
  const store = new ConfigStore<Settings>(path());
  expectTypeOf(store.updateSync((transaction) => transaction.all())).toEqualTypeOf<TomlTable>();
  expectTypeOf(await store.update((transaction) => transaction.has('port'))).toEqualTypeOf<boolean>();
  // @ts-expect-error It may not be asynchronous.
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

test('a store has the types of its schema: reads give the output, writes take the input', async () => {
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
  // @ts-expect-error What is stored is the string that the schema takes.
  await ofZod.set('since', new Date()).catch(() => {});
  // @ts-expect-error A key with a default is not set to undefined either.
  await ofZod.set('log', undefined).catch(() => {});
});

test('a schema whose output is no object is none for a store', () => {
  // @ts-expect-error
  new ConfigStore(path(), { schema: z.string() });
});

test('a schema can ask for dates as they are in the file', () => {
  const store = new ConfigStore(path(), { schema: z.object({ day: z.instanceof(TomlDateTime).optional() }) });
  expectTypeOf(store.getSync('day')).toEqualTypeOf<TomlDateTime | undefined>();
});
