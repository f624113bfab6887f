import { expect, test } from 'vitest';
import { mergeTables } from '../../src/config/layers.js';
import { TomlDocument, toValue } from '../../src/toml/index.js';

const table = (text: string) => TomlDocument.parse(text).root;
const merge = (lower: string, upper: string) => toValue(mergeTables(table(lower), table(upper)));

test('tables under one key merge, at every depth', () => {
  expect(merge('[server]\ntls = { on = true, port = 443 }\nhost = "a"', 'server.tls.port = 8443')).toEqual({
    server: { tls: { on: true, port: 8443 }, host: 'a' },
  });
});

test('arrays, dates and scalars of the upper table replace lower values', () => {
  const lower = 'list = [1, 2]\nname = "low"\nkept = 1\n[when]\nyear = 2025';
  const merged = merge(lower, 'list = [3]\nwhen = 2026-11-23\nname.first = "up"');
  expect(JSON.parse(JSON.stringify(merged))).toEqual({
    list: [3],
    when: '2026-11-23',
    name: { first: 'up' },
    kept: 1,
  });
});

test('a merge does not change its arguments', () => {
  const lower = table('a.b = 1');
  const upper = table('a.c = 2');
  expect(toValue(mergeTables(lower, upper))).toEqual({ a: { b: 1, c: 2 } });
  expect([toValue(lower), toValue(upper)]).toEqual([{ a: { b: 1 } }, { a: { c: 2 } }]);
});

test('__proto__ and constructor are ordinary keys', () => {
  const merged = merge('__proto__.polluted = true', 'constructor = 1');
  expect(Object.keys(merged)).toEqual(['__proto__', 'constructor']);
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
});
