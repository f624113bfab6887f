import { describe, expect, test } from 'vitest';
import { ConfigParseError } from '../../src/errors.js';
import { TomlDateTime, TomlDocument, type TomlValue } from '../../src/toml/index.js';

const get = (text: string, ...parts: string[]): TomlValue | undefined => TomlDocument.parse(text).get(parts);

describe('a document', () => {
  test.each<[string, TomlValue]>([
    ['"a\\tb\\x41\\e"', 'a\tbA\x1b'],
    ["'a\\tb'", 'a\\tb'],
    ['"""\r\na\r\nb \\\r\n   c"""', 'a\nb c'],
    ["'''\n'x''''", "'x'"],
    ['9007199254740991', 9007199254740991],
    ['9007199254740992', 9007199254740992n],
    ['9223372036854775807', 2n ** 63n - 1n],
    ['-9223372036854775808', -(2n ** 63n)],
    ['0x7fff_ffff_ffff_ffff', 2n ** 63n - 1n],
    ['0o17', 15],
    ['1.0', 1],
    ['-0.0', -0],
    ['inf', Infinity],
    ['-nan', NaN],
    ['true', true],
    ['07:32', TomlDateTime.parse('07:32')],
    ['1979-05-27 07:32:00Z', TomlDateTime.parse('1979-05-27 07:32:00Z')],
    ['[1, # one\n "x",\n]', [1, 'x']],
  ])('reads the value %j', (text, value) => {
    expect(get(`v = ${text} # comment\r\n`, 'v')).toStrictEqual(value);
  });

  test('reads tables of every form, in any order', () => {
    const text = `
d.e = 1
i = { x.y = 2, x.z = { w = 3 }, }
[a.b.c]
n = 4
[a]
m = 5
[[t]]
n = 1
[t.s]
k = 2
[[t]]
[[t.u]]
q = 3
`;
    expect(JSON.parse(JSON.stringify(TomlDocument.parse(text).toTable()))).toEqual({
      d: { e: 1 },
      i: { x: { y: 2, z: { w: 3 } } },
      a: { b: { c: { n: 4 } }, m: 5 },
      t: [{ n: 1, s: { k: 2 } }, { u: [{ q: 3 }] }],
    });
  });

  test('returns undefined for a missing key, even below a value that is not a table', () => {
    const document = TomlDocument.parse('a = 1\nl = [{ b = 1 }]\n[t]\n');
    for (const parts of [['b'], ['a', 'b'], ['l', '0'], ['l', 'b'], ['t', 'x'], ['toString'], ['t', 'constructor']]) {
      expect(document.get(parts)).toBeUndefined();
      expect(document.has(parts)).toBe(false);
    }
    expect(document.has(['t'])).toBe(true);
  });

  test('treats __proto__ and constructor as ordinary keys', () => {
    const table = TomlDocument.parse('__proto__.x = 1\n[constructor.prototype]\ny = 2').toTable();
    expect(Object.keys(table)).toEqual(['__proto__', 'constructor']);
    expect(Object.getPrototypeOf(table)).toBeNull();
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });

  test('returns tables in which everything is frozen', () => {
    const visit = (value: TomlValue): void => {
      if (typeof value !== 'object') return;
      expect(Object.isFrozen(value)).toBe(true);
      if (!(value instanceof TomlDateTime)) Object.values(value).forEach(visit);
    };
    visit(TomlDocument.parse('a = [{ b = [1] }]\nd = 07:32:00\n[[t]]\n[t.u]\n').toTable());
  });

  test('does not read a BOM as part of the first key', () => {
    const document = TomlDocument.parse('\uFEFFa = 1');
    expect(document.get(['a'])).toBe(1);
    expect(document.text).toBe('\uFEFFa = 1');
  });
});

describe('parse', () => {
  test.each<[string, string]>([
    ['a = ', '1:5'],
    ['\uFEFFa = ', '1:5'],
    ['a = 1\r\nb = x\r\n', '2:5'],
    ['a = 1\na = 2', '2:1'],
    ['[t]\n[t]', '2:2'],
    ['x = 1\nn = 9223372036854775808', '2:5'],
    ['n = [1,\n  -9223372036854775809]', '2:3'],
    ['a = 1 # c\rb = 2', '1:10'],
    ['d = 2023-02-30', '1:5'],
    ['s = """\nx', '2:2'],
    ['a = [1,', '1:8'],
  ])('refuses %j at %s', (text, place) => {
    const [line, column] = place.split(':').map(Number);
    expect(() => TomlDocument.parse(text, '/x/c.toml')).toThrow(
      expect.objectContaining({
        code: 'CONFIG_PARSE',
        path: '/x/c.toml',
        line,
        column,
        message: expect.stringMatching(new RegExp(`^/x/c\\.toml:${place}: \\S`)),
      }),
    );
    expect(() => TomlDocument.parse(text)).toThrow(new RegExp(`^${place}: `));
    expect(() => TomlDocument.parse(text)).toThrow(ConfigParseError);
  });

  test.each([
    ['arrays nested 1,001 deep', `\na = ${'['.repeat(1001)}${']'.repeat(1001)}`, '2:1005'],
    ['arrays nested 1,000,000 deep', `\na = ${'['.repeat(1_000_000)}`, '2:1005'],
    ['inline tables nested 1,001 deep', `\na = ${'{a='.repeat(1001)}1${'}'.repeat(1001)}`, '2:3003'],
    ['inline tables nested 100,000 deep', `\na = ${'{a='.repeat(100_000)}`, '2:3003'],
    ['a key of 1,001 parts', `\n${'a.'.repeat(1000)}a = 1`, '2:2001'],
    ['a header of 1,001 parts', `\n[${'a.'.repeat(1000)}a]`, '2:2002'],
    ['a key of 501 parts below a header of 500', `[a${'.a'.repeat(499)}]\na${'.a'.repeat(500)} = 1`, '2:1001'],
    ['a number of 1,001 characters', `\na = 0.${'1'.repeat(999)}`, '2:5'],
    ['a number of 10,000,000 characters', `\na = ${'1'.repeat(10_000_000)}`, '2:5'],
  ])('refuses %s with CONFIG_LIMIT and its place', (_, text, place) => {
    expect(() => TomlDocument.parse(text, 'c.toml')).toThrow(
      expect.objectContaining({ code: 'CONFIG_LIMIT', message: expect.stringContaining(`c.toml:${place}: `) }),
    );
  });

  test('reads 1,000 levels', () => {
    expect(TomlDocument.parse(`a = ${'['.repeat(999)}${']'.repeat(999)}`).toTable()).toBeDefined();
  });
});
