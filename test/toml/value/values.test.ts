import { runInNewContext } from 'node:vm';
import { parse as parseSmol } from 'smol-toml';
import { describe, expect, test } from 'vitest';
import {
  formatValue,
  inferValue,
  TomlDateTime,
  TomlDocument,
  type TomlInput,
  TomlLiteral,
  type ValueType,
  valueOfType,
} from '../../../src/toml/index.js';

const code = (name: string, message = '') =>
  expect.objectContaining({ code: name, message: expect.stringMatching(message) });

describe('formatValue', () => {
  test.each<[TomlInput, string]>([
    ['plain', '"plain"'],
    ['"\\\b\t\n\f\r\x00\x1b\x7fé😀', '"\\"\\\\\\b\\t\\n\\f\\r\\u0000\\u001B\\u007Fé😀"'],
    [8080, '8080'],
    [-5, '-5'],
    [0, '0'],
    [-0, '-0.0'],
    [1.5, '1.5'],
    [1e-7, '1e-7'],
    [1e300, '1e+300'],
    [2 ** 53, '9007199254740992.0'],
    [2 ** 53 - 1, '9007199254740991'],
    [NaN, 'nan'],
    [Infinity, 'inf'],
    [-Infinity, '-inf'],
    [2n ** 63n - 1n, '9223372036854775807'],
    [-(2n ** 63n), '-9223372036854775808'],
    [true, 'true'],
    [new Date(Date.UTC(2026, 0, 2, 3, 4, 5)), '2026-01-02T03:04:05Z'],
    [new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 60)), '2026-01-02T03:04:05.060Z'],
    [TomlDateTime.parse('07:32:00.5'), '07:32:00.5'],
    [new TomlLiteral('0xFF'), '0xFF'],
    [new TomlLiteral('0'), '0'],
    [[], '[]'],
    [[1, [2, 'x']], '[1, [2, "x"]]'],
    [{}, '{}'],
    [{ a: 1, skipped: undefined, 'b.c': { d: [new TomlLiteral('1_0')] } }, '{ a = 1, "b.c" = { d = [1_0] } }'],
    [JSON.parse('{"__proto__":1,"constructor":2}'), '{ __proto__ = 1, constructor = 2 }'],
    [runInNewContext('({ a: [1] })'), '{ a = [1] }'],
  ])('writes %o as %s', (value, text) => {
    expect(formatValue(value)).toBe(text);
    expect(() => parseSmol(`v = ${text}`, { integersAsBigInt: true })).not.toThrow();
  });

  const cycle: TomlInput[] = [];
  cycle.push({ a: cycle });
  test.each<[string, unknown, string]>([
    ['null', null, 'is null'],
    ['undefined', undefined, 'is undefined'],
    ['undefined in an array', [1, undefined], 'value at 1 is undefined'],
    ['a hole in an array', Array(1), 'value at 0 is undefined'],
    ['a function', { a: { b: () => 1 } }, 'value at a.b is a function'],
    ['a symbol', Symbol.iterator, 'is a symbol'],
    ['a Map', new Map(), 'is a Map'],
    ['a class instance', new (class Point {})(), 'is a Point'],
    ['a RegExp', /x/, 'is a RegExp'],
    ['an invalid Date', new Date(NaN), 'invalid Date'],
    ['the year 10000', new Date(Date.UTC(10000, 0)), 'years 0 to 9999'],
    ['the year -1', new Date('-000001-01-01T00:00:00Z'), 'years 0 to 9999'],
    ['half a surrogate pair', '\ud800', 'surrogate'],
    ['half a surrogate pair in a key', { '\udc00': 1 }, 'surrogate'],
    ['a cycle', cycle, 'contains itself'],
    ['2 to the 63rd', 2n ** 63n, '64 bits'],
  ])('refuses %s', (_, value, reason) => {
    expect(() => formatValue(value as TomlInput)).toThrow(code('INVALID_VALUE', reason));
  });

  test('accepts the same object twice, which is not a cycle', () => {
    const shared = { a: 1 };
    expect(formatValue([shared, shared])).toBe('[{ a = 1 }, { a = 1 }]');
  });

  test('writes 1,000 levels and refuses 1,001', () => {
    const nest = (depth: number): TomlInput => (depth === 0 ? 1 : [nest(depth - 1)]);
    expect(formatValue(nest(1000))).toHaveLength(2001);
    expect(() => formatValue(nest(1001))).toThrow(code('CONFIG_LIMIT'));
  });

  test('refuses a string of 10,000,001 characters', () => {
    expect(() => formatValue({ a: ['x'.repeat(10_000_001)] })).toThrow(
      code('CONFIG_LIMIT', 'value at a.0 is a string'),
    );
  });
});

describe('TomlDateTime', () => {
  test.each([
    ['1979-05-27T07:32:00Z', 'offset-date-time'],
    ['1979-05-27 07:32:00.999999-07:00', 'offset-date-time'],
    ['1979-05-27t07:32z', 'offset-date-time'],
    ['1979-05-27T07:32:00', 'local-date-time'],
    ['2000-02-29', 'local-date'],
    ['23:59:60', 'local-time'],
    ['07:32', 'local-time'],
  ])('reads %s as %s', (text, kind) => {
    const date = TomlDateTime.parse(text);
    expect(date).toMatchObject({ kind, text });
    expect([String(date), JSON.stringify(date), Object.isFrozen(date)]).toEqual([text, `"${text}"`, true]);
  });

  test.each([
    '',
    'x',
    '1979-13-01',
    '1900-02-29',
    '1979-05-32',
    '24:00:00',
    '07:60:00',
    '07:32:00Z',
    'T07:32:00',
    ' 07:32:00',
  ])('refuses %j', (text) => {
    expect(() => TomlDateTime.parse(text)).toThrow(code('INVALID_VALUE'));
  });

  test.each([
    ['1979-05-27 00:32:00.123456-07:00', '1979-05-27T07:32:00.123Z'],
    ['0000-01-01t00:00z', '0000-01-01T00:00:00.000Z'],
    ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00.000Z'],
  ])('converts %s to the instant %s', (text, instant) => {
    expect(TomlDateTime.parse(text).toDate().toISOString()).toBe(instant);
  });

  test('converts only an offset date-time to an instant', () => {
    expect(() => TomlDateTime.parse('1979-05-27').toDate()).toThrow(TypeError);
  });
});

describe('TomlLiteral', () => {
  test.each([
    '1\ny = 2',
    '1 # c',
    ' 1',
    '1 ',
    '',
    '1\n',
    'x',
    '= 1',
    '"a',
    '1, 2',
    '"\ud800"',
    '1\r',
    '9223372036854775808',
  ])('refuses %j, which is not exactly one value', (text) => {
    expect(() => new TomlLiteral(text)).toThrow(code('INVALID_VALUE'));
  });

  test('refuses nesting beyond the limit with CONFIG_LIMIT', () => {
    expect(() => new TomlLiteral('['.repeat(1100) + ']'.repeat(1100))).toThrow(code('CONFIG_LIMIT'));
  });
});

describe('inferValue', () => {
  const kept = [
    '1.5',
    '0xff',
    '1_000',
    '+1',
    '-0',
    'inf',
    '-nan',
    '1e3',
    '1979-05-27',
    '07:32:00',
    '[1, 2]',
    '{ a = 1 }',
    '"q"',
    "'q'",
    '"""m"""',
  ];
  test.each(kept)('keeps %s as a literal', (text) => {
    expect(inferValue(text)).toBeInstanceOf(TomlLiteral);
    expect(formatValue(inferValue(text))).toBe(text);
  });

  test.each<[string, TomlInput]>([
    ['true', true],
    ['false', false],
    ['8080', 8080],
    ['-5', -5],
  ])('turns %s into a JavaScript value', (text, value) => {
    expect(inferValue(text)).toBe(value);
  });

  const words = [
    '',
    ' 1',
    'hello',
    'truest',
    'fa',
    'info',
    'nano',
    'TRUE',
    '01',
    '1.2.3',
    '1 apple',
    '1\ny = 2',
    '-',
    '--x',
    '"open',
    '"a" "b"',
    "'",
    '/a',
    'é',
    '1979-02-30',
  ];
  test.each(words)('reads %j as a string', (text) => {
    expect(inferValue(text)).toBe(text);
  });

  test.each([
    '[broken',
    '{ a = }',
    '[1]\nx = 2',
    '{a=1} # c',
    '9223372036854775808',
    '-9223372036854775809',
    '0xffffffffffffffff',
  ])('refuses %j instead of reading it as a string', (text) => {
    expect(() => inferValue(text)).toThrow(code('INVALID_VALUE'));
  });
});

describe('valueOfType', () => {
  test.each<[string, ValueType, string]>([
    ['true', 'string', '"true"'],
    ['1', 'integer', '1'],
    ['0b1', 'integer', '0b1'],
    ['1', 'float', '1.0'],
    ['-1_0', 'float', '-1_0.0'],
    ['1e3', 'float', '1e3'],
    ['false', 'boolean', 'false'],
    ['1979-05-27', 'datetime', '1979-05-27'],
    ['[1]', 'array', '[1]'],
    ['{ a = 1 }', 'toml', '{ a = 1 }'],
  ])('reads %s as %s and writes %s', (text, type, written) => {
    expect(formatValue(valueOfType(text, type))).toBe(written);
  });

  test.each<[string, ValueType]>([
    ['x', 'integer'],
    ['1.0', 'integer'],
    ['0x1', 'float'],
    ['yes', 'boolean'],
    ['2026', 'datetime'],
    ['{}', 'array'],
    ['hello', 'toml'],
  ])('refuses %s as %s', (text, type) => {
    expect(() => valueOfType(text, type)).toThrow(code('INVALID_VALUE'));
  });
});

test('a value reads back as it was written', () => {
  const value = { s: 'é"\\\n', f: 0.1, big: 2n ** 60n, list: [1, [true], { a: 'b' }], t: { 'x y': -0 } };
  const read = TomlDocument.parse(`v = ${formatValue(value)}`).get(['v']);
  expect(JSON.stringify(read, (_, member) => (typeof member === 'bigint' ? String(member) : member))).toBe(
    JSON.stringify({ ...value, big: String(value.big) }),
  );
});
