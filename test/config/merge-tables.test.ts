import { expect, test } from 'vitest';
import { mergeTables } from '../../src/config/merge-tables.js';
import { TomlDateTime, type TomlTable, type TomlValue } from '../../src/toml/index.js';

function table(entries: Readonly<Record<string, TomlValue>>): TomlTable {
  return Object.freeze(Object.assign(Object.create(null), entries));
}

test('tables under one key merge, at every depth', () => {
  const lower = table({ server: table({ tls: table({ on: true, port: 443 }), host: 'a' }) });
  const upper = table({ server: table({ tls: table({ port: 8443 }) }) });
  expect(mergeTables(lower, upper)).toEqual({ server: { tls: { on: true, port: 8443 }, host: 'a' } });
});

test('arrays, dates and scalars of the upper table replace what is below', () => {
  const date = TomlDateTime.parse('2026-11-23');
  const lower = table({ list: [1, 2], when: table({ year: 2025 }), name: 'low', kept: 1 });
  const merged = mergeTables(lower, table({ list: [3], when: date, name: table({ first: 'up' }) }));
  expect(merged['list']).toEqual([3]);
  expect(merged['when']).toBe(date);
  expect(merged['name']).toEqual({ first: 'up' });
  expect(merged['kept']).toBe(1);
});

test('the result is frozen, has no prototype, and leaves both tables as they were', () => {
  const lower = table({ a: table({ b: 1 }) });
  const merged = mergeTables(lower, table({ a: table({ c: 2 }) }));
  expect(Object.getPrototypeOf(merged)).toBeNull();
  expect(Object.isFrozen(merged) && Object.isFrozen(merged['a'])).toBe(true);
  expect(lower).toEqual({ a: { b: 1 } });
});

test('__proto__ and constructor are keys like others', () => {
  const hostile = table({});
  const upper: TomlTable = Object.freeze(
    Object.defineProperty(Object.create(null), '__proto__', {
      value: table({ polluted: true }),
      enumerable: true,
    }),
  );
  const merged = mergeTables(mergeTables(hostile, upper), table({ constructor: 1 }));
  expect(Object.keys(merged)).toEqual(['__proto__', 'constructor']);
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
});
