import { runInNewContext } from 'node:vm';
import { parse as parseSmol } from 'smol-toml';
import { describe, expect, test } from 'vitest';
import { formatValue, TomlDateTime, TomlDocument, type TomlInput, TomlLiteral } from '../../src/toml/index.js';
import { type Change, edited } from './edit/apply-edits.js';

type Case = [name: string, text: string, changes: Change[], result: string];

describe('an edit changes only its key in a file with', () => {
  test.each<Case>([
    ['only comments', '# a\n\n# b\n', [['x', 1]], '# a\n\n# b\nx = 1\n'],
    ['only a newline', '\n', [['x', 1]], '\nx = 1\n'],
    ['only a CRLF', '\r\n', [['t.x', 1]], '\r\n[t]\r\nx = 1\r\n'],
    ['only a BOM', '\uFEFF', [['t.x', 1]], '\uFEFF[t]\nx = 1\n'],
    ['nothing but spaces', '  ', [['x', 1]], '  \nx = 1'],
    ['tables indented by tabs', '\t[a]\n\t\tx = 1\n', [['a.y', 2]], '\t[a]\n\t\tx = 1\n\t\ty = 2\n'],
    [
      'a table after its sub-table, dotted keys in it',
      '[a.b]\nx = 1\n[a]\nc.d = 1\n',
      [
        ['a.c.e', 2],
        ['a.b.y', 3],
        ['a.f', 4],
      ],
      '[a.b]\nx = 1\ny = 3\n[a]\nc.d = 1\nc.e = 2\nf = 4\n',
    ],
    [
      'tables out of order',
      '[a.x]\n[b]\n[a.y]\nk = 1\n',
      [
        ['a.y.k', undefined],
        ['b.n', 1],
        ['a.x.m', 2],
      ],
      '[a.x]\nm = 2\n[b]\nn = 1\n[a.y]\n',
    ],
    ['quoted keys', '\'a.b\'."c\\u0064" = 1 # c\n', [['"a.b".cd', 2]], '\'a.b\'."c\\u0064" = 2 # c\n'],
    [
      'an empty key',
      '"" = 1\n["a"]\n',
      [
        ['""', undefined],
        ['a.""', 2],
      ],
      '["a"]\n"" = 2\n',
    ],
  ])('%s', (_, text, changes, result) => {
    expect(edited(text, ...changes)).toBe(result);
  });
});

describe('an edit writes the expected text for', () => {
  test.each<Case>([
    ['a new root key before an array of tables', '[[a]]\nx = 1\n', [['k', 1]], 'k = 1\n\n[[a]]\nx = 1\n'],
    ['a new table after an array of tables', '[[a]]\nx = 1', [['t.k', 1]], '[[a]]\nx = 1\n\n[t]\nk = 1'],
    [
      'the last key of a table unset and set again',
      '[t]\n# c\nx = 1\n',
      [
        ['t.x', undefined],
        ['t.x', 2],
      ],
      '[t]\nx = 2\n# c\n',
    ],
    ['the last dotted key of a table unset', 'a.b.c = 1\nz = 1\n', [['a.b.c', undefined]], 'z = 1\n'],
    [
      'a key between comments of an inline table',
      'a = {\n  # one\n  x = 1, # x\n  y = 2, # y\n  z = 3 # z\n}\n',
      [['a.y', undefined]],
      'a = {\n  # one\n  x = 1, # x\n   # y\n  z = 3 # z\n}\n',
    ],
    [
      'a multi-line array replaced',
      'a = [ # [\n  "]", # ]\n  2,\n] # end\nb = 1\n',
      [['a', [1]]],
      'a = [1] # end\nb = 1\n',
    ],
    [
      'a multi-line string replaced',
      'a = """\r\nx = 1\r\n"""  # end\r\nb = 1\r\n',
      [['a', 'y']],
      'a = "y"  # end\r\nb = 1\r\n',
    ],
    [
      'keys in nested inline tables',
      'a = { b = { c = {} , "d.e" = 1 } }\n',
      [
        ['a.b.c.f', 1],
        ['a.b."d.e"', undefined],
      ],
      'a = { b = { c = { f = 1 }  } }\n',
    ],
  ])('%s', (_, text, changes, result) => {
    expect(edited(text, ...changes)).toBe(result);
  });
});

describe('a name of Object.prototype is an ordinary key', () => {
  const names = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__'];

  test.each(names)('%s can be set, read and unset', (name) => {
    const text = edited(
      '',
      [name, 1],
      [`t.${name}.${name}`, 2],
      [`i`, JSON.parse(`{"${name}":{"${name}":3}}`)],
      [`i.x`, 4],
    );
    const table = TomlDocument.parse(text).toTable();
    expect(Object.keys(table)).toEqual([name, 'i', 't']);
    expect(TomlDocument.parse(text).get(['t', name, name])).toBe(2);
    expect(TomlDocument.parse(text).get(['i', name, name])).toBe(3);
    expect(edited(text, [name, undefined], ['i', undefined], ['t', undefined]).trim()).toBe('');
    expect(runInNewContext('Object.getOwnPropertyNames(Object.prototype)')).toEqual(
      Object.getOwnPropertyNames(Object.prototype),
    );
  });

  test.each(names)('%s is missing unless it was set', (name) => {
    const document = TomlDocument.parse('a = { b = 1 }\n[t]\n');
    for (const parts of [[name], ['a', name], ['t', name], ['a', 'b', name]]) {
      expect(document.has(parts)).toBe(false);
      expect(document.edit().unset(parts)).toBe(false);
    }
  });
});

describe('a value reads back as it was set', () => {
  test.each<[string, TomlInput, unknown]>([
    ['the smallest integer', -(2n ** 63n), -(2n ** 63n)],
    ['the largest integer', 2n ** 63n - 1n, 2n ** 63n - 1n],
    ['the smallest integer that a number cannot hold exactly', 2n ** 53n, 2n ** 53n],
    ['the largest integer that a number holds exactly', BigInt(Number.MAX_SAFE_INTEGER), Number.MAX_SAFE_INTEGER],
    ['-0.0', -0, -0],
    ['inf', Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
    ['-inf', Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY],
    ['nan', Number.NaN, Number.NaN],
    ['1.0', new TomlLiteral('1.0'), 1],
    ['the largest float', Number.MAX_VALUE, Number.MAX_VALUE],
    ['the smallest float', Number.MIN_VALUE, Number.MIN_VALUE],
    ...[
      '1979-05-27T07:32:00Z',
      '1979-05-27 00:32:00.999999-07:00',
      '1979-05-27T07:32:00',
      '1979-05-27',
      '07:32:00.1234567',
    ]
      .map((text) => TomlDateTime.parse(text))
      .map((time): [string, TomlInput, unknown] => [time.text, time, time]),
  ])('%s', (_, value, read) => {
    const text = edited('v = "old" # c\n', ['v', value]);
    expect(TomlDocument.parse(text).get(['v'])).toStrictEqual(read);
    expect(edited(text, ['v', 'old'])).toBe('v = "old" # c\n');
    expect(() => parseSmol(text, { integersAsBigInt: 'asNeeded' })).not.toThrow();
  });

  test.each([2n ** 63n, -(2n ** 63n) - 1n, 10n ** 30n])(
    'except %s, which is beyond 64 bits and INVALID_VALUE',
    (value) => {
      expect(() => TomlDocument.parse('').edit().set(['a'], value)).toThrow(
        expect.objectContaining({ code: 'INVALID_VALUE' }),
      );
    },
  );

  const alphabet = 'x"\\\n\r\t\'\u0000é😀#]}';
  test.each([100_000, 123_457, 1_000_000])('a string of %i characters', (length) => {
    const value = `${alphabet.repeat(Math.ceil(length / alphabet.length)).slice(0, length - 1)}x`;
    const text = edited('a = 1 # c\nb = 2\n', ['a', value]);
    expect(TomlDocument.parse(text).get(['a']) === value).toBe(true);
    expect(edited(text, ['b', 3], ['a', 1])).toBe('a = 1 # c\nb = 3\n');
  });

  test('a string of 10,000,000 characters', () => {
    const value = 'é x'.repeat(3_333_333);
    expect(TomlDocument.parse(edited('a = 1\n', ['a', value])).get(['a']) === value).toBe(true);
  });

  test.each([
    ['a basic string', (text: string) => `"${text}"`],
    ['a literal string', (text: string) => `'${text}'`],
    ['a multi-line basic string', (text: string) => `"""\r\n${text}"""`],
    ['a multi-line literal string', (text: string) => `'''\n${text}'''`],
  ])('%s of 1,000,000 characters can be a value, an array item and a key', (_, quote) => {
    const long = 'é x # = ]'.repeat(111_111);
    const document = TomlDocument.parse(`a = ${quote(long)}\nb = [{ c = ${quote(long)} }]\n'${long}' = 1\n`);
    expect(document.get(['a']) === long).toBe(true);
    expect(document.toTable()['b']).toEqual([{ c: long }]);
    expect(document.get([long])).toBe(1);
  });

  test.each([
    ['escapes', `"${'\\u00e9\\n'.repeat(200_000)}"`],
    ['quotes', `"""${'""x'.repeat(200_000)}"""`],
    ['line continuations', `"""${'\\\n  '.repeat(200_000)}"""`],
  ])('200,000 %s in one string', (_, text) => {
    expect(() => TomlDocument.parse(`a = ${text}`)).not.toThrow();
  });
});

describe('nesting', () => {
  const path = (depth: number): string[] => Array.from({ length: depth }, () => 'a');
  const limit = expect.objectContaining({ code: 'CONFIG_LIMIT' });

  test.each<[string, (depth: number) => string]>([
    ['headers', (depth) => `[${path(depth - 1).join('.')}]\na = 1\n`],
    ['dotted keys', (depth) => `${path(depth).join('.')} = 1\n`],
    ['inline tables', (depth) => `${'a={'.repeat(depth - 1)}a=1${'}'.repeat(depth - 1)}\n`],
    [
      'arrays of tables',
      (depth) =>
        `${path(depth - 1)
          .map((_, index, all) => `[[${all.slice(0, index + 1).join('.')}]]\n`)
          .join('')}a = 1\n`,
    ],
    ['arrays', (depth) => `a = ${'['.repeat(depth - 1)}1${']'.repeat(depth - 1)}\n`],
  ])('of %s can be read and edited up to 1,000 levels; 1,001 are CONFIG_LIMIT', (_, write) => {
    const text = write(1000);
    expect(TomlDocument.parse(text).toTable()).toBeDefined();
    const withKey = edited(text, ['b', 1]);
    expect(TomlDocument.parse(withKey).get(['b'])).toBe(1);
    expect(edited(text, ['a', undefined])).not.toContain('1');
    expect(() => TomlDocument.parse(write(1001))).toThrow(limit);
  });

  test.each<[string, string]>([
    ['an empty file', ''],
    ['an inline table', 'a = {}\n'],
    ['a dotted key', 'a.b = 1\n'],
    ['a header', '[a]\n'],
  ])('of a new key in %s is limited to 1,000 parts; 1,001 are refused and change nothing', (_, text) => {
    const edit = TomlDocument.parse(text).edit();
    expect(() => edit.set(path(1001), 1)).toThrow(limit);
    expect(edit.finish().text).toBe(text);
    edit.set(path(1000), 1);
    const document = edit.finish();
    expect(document.get(path(1000))).toBe(1);
    const back = document.edit();
    back.set(path(1000), 2);
    expect(back.finish().get(path(1000))).toBe(2);
    expect(back.unset(path(1000))).toBe(true);
    back.finish();
  });

  test('of a value adds to the depth of its key', () => {
    const edit = TomlDocument.parse('').edit();
    const nest = (depth: number): TomlInput => (depth === 0 ? 1 : { a: nest(depth - 1) });
    expect(() => edit.set(path(500), nest(501))).toThrow(limit);
    edit.set(path(500), nest(500));
    expect(edit.finish().get(path(1000))).toBe(1);
  });

  test('of a value to 200,000 levels is refused and does not overflow the stack', () => {
    let value: TomlInput = 1;
    for (let depth = 0; depth < 200_000; depth += 1) value = [value];
    expect(() => formatValue(value)).toThrow(limit);
  });
});

test('a file of 10 MB can be read and edited', () => {
  let text = '';
  for (let index = 0; text.length < 10_000_000; index += 1) {
    text += index % 50 === 0 ? `\n# about ${index}\n[s${index}]\n` : `key${index} = "value ${index}" # of ${index}\n`;
  }
  const result = edited(text, ['s0.key1', 'new'], ['s50', undefined], ['last.key', 1]);
  expect(result.startsWith(text.slice(0, 24).replace('"value 1"', '"new"').slice(0, 20))).toBe(true);
  expect(result.endsWith('\n\n[last]\nkey = 1\n')).toBe(true);
  expect(TomlDocument.parse(result).has(['s50'])).toBe(false);
});
