import { describe, expect, test } from 'vitest';
import { findKeyEnd, formatKey, type Key, parseKey } from '../../../src/toml/index.js';

const invalidKey = (reason: string | RegExp) =>
  expect.objectContaining({ code: 'INVALID_KEY', message: expect.stringMatching(reason) });

describe('parseKey', () => {
  test.each<[Key, string[]]>([
    ['a', ['a']],
    ['a.b-c.D_1', ['a', 'b-c', 'D_1']],
    ['1.2', ['1', '2']],
    ['a."b.c"', ['a', 'b.c']],
    ["a.'x\\y'", ['a', 'x\\y']],
    [' a . "b" ', ['a', 'b']],
    ['"".a', ['', 'a']],
    ['"\\u00e9\\U0001F600\\x41\\e\\t\\"\\\\"', ['é😀A\x1b\t"\\']],
    ['__proto__.constructor', ['__proto__', 'constructor']],
    [
      ['a.b', '', ' c\n'],
      ['a.b', '', ' c\n'],
    ],
  ])('splits %j into %j', (key, parts) => {
    expect(parseKey(key)).toEqual(parts);
  });

  test.each<[string, string | RegExp]>([
    ['', 'empty'],
    ['  ', 'empty'],
    ['a..b', 'part is missing at character 3'],
    ['.a', 'part is missing at character 1'],
    ['a.', 'part is missing at character 3'],
    ['"a', 'unterminated string at character 3'],
    ["a.'b", 'unterminated string at character 5'],
    ['"a\nb"', 'unterminated string at character 3'],
    ['"a\x01"', /control character "\\u0001" in a string at character 3/],
    ['"""a"""', 'multi-line string in a key at character 1'],
    ['a\nb', /"\\n" at character 2/],
    ['a b', 'character 3'],
    ['é', 'needs quotes'],
    ['a=1', 'character 2'],
    ['"a"b', 'character 4'],
    ['"\\q"', /unknown escape \\q at character 2/],
    ['"\\ud800"', /invalid escape \\ud800 at character 2/],
    ['"\\u12"', 'invalid escape'],
    ['"\\U00110000"', 'invalid escape'],
    ['"\ud800"', 'surrogate'],
  ])('refuses %j and says why', (key, reason) => {
    expect(() => parseKey(key)).toThrow(invalidKey(reason));
  });

  test.each<unknown>([undefined, null, 1, {}, [], ['a', 1], ['\udc00'], Array(2)])(
    'refuses %j, which is not a key',
    (key) => {
      expect(() => parseKey(key as Key)).toThrow(invalidKey(''));
    },
  );

  test('puts no raw control character into the message', () => {
    expect(() => parseKey('"a\x1b')).toThrow(/^\P{Cc}*$/u);
  });
});

describe('formatKey', () => {
  test.each<[string[], string]>([
    [['a', 'b-c_1'], 'a.b-c_1'],
    [['a.b', '', 'é'], '"a.b".""."é"'],
    [['"\\\n\x00\x7f\x85'], '"\\"\\\\\\n\\u0000\\u007F\\u0085"'],
  ])('writes %j as %s, which parseKey reads back', (parts, text) => {
    expect(formatKey(parts)).toBe(text);
    expect(parseKey(text)).toEqual(parts);
  });
});

describe('findKeyEnd', () => {
  test.each<[string, number]>([
    ['a=1', 1],
    ['a.b = c=d', 4],
    ['"a=b".c=1', 7],
    ["'a=b'=1", 5],
    ['"\\"="=1', 5],
    ['a', -1],
    ['', -1],
    ['"a=b', -1],
    ["it's=1", -1],
    // The keys of these are invalid, and parseKey says why.
    ['=1', 0],
    ['é=1', 1],
    ['a b=1', 3],
    ['"\\q"=1', 4],
    ['a"b=c"=1', 6],
  ])('finds the = after the key of %j at %i', (text, end) => {
    expect(findKeyEnd(text, '=')).toBe(end);
  });
});
