import { describe, expect, test } from 'vitest';
import { formatKey, type Key, parseKey } from '../../../src/toml/index.js';

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
  ])('%j is %j', (key, parts) => {
    expect(parseKey(key)).toEqual(parts);
  });

  test.each<[string, string | RegExp]>([
    ['', 'empty'],
    ['  ', 'empty'],
    ['a..b', 'part is missing at character 3'],
    ['.a', 'part is missing at character 1'],
    ['a.', 'part is missing at character 3'],
    ['"a', 'quote is not closed'],
    ["a.'b", 'quote is not closed'],
    ['"a\nb"', /"\\n" at character 3/],
    ['a\nb', /"\\n" at character 2/],
    ['a b', 'character 3'],
    ['é', 'needs quotes'],
    ['a=1', 'character 2'],
    ['"a"b', 'character 4'],
    ['"\\q"', 'no escape'],
    ['"\\ud800"', 'no character'],
    ['"\\u12"', 'no character'],
    ['"\\U00110000"', 'no character'],
    ['"\ud800"', 'surrogate'],
  ])('refuses %j and says why', (key, reason) => {
    expect(() => parseKey(key)).toThrow(invalidKey(reason));
  });

  test.each<unknown>([undefined, null, 1, {}, [], ['a', 1], ['\udc00'], Array(2)])(
    'refuses %j, which is no key',
    (key) => {
      expect(() => parseKey(key as Key)).toThrow(invalidKey(''));
    },
  );

  test('the message of a refused key holds no raw control character', () => {
    expect(() => parseKey('"a\x1b')).toThrow(/^\P{Cc}*$/u);
  });
});

describe('formatKey', () => {
  test.each<[string[], string]>([
    [['a', 'b-c_1'], 'a.b-c_1'],
    [['a.b', '', 'é'], '"a.b".""."é"'],
    [['"\\\n\x00\x7f\x85'], '"\\"\\\\\\n\\u0000\\u007F\\u0085"'],
  ])('%j is written %s and read back', (parts, text) => {
    expect(formatKey(parts)).toBe(text);
    expect(parseKey(text)).toEqual(parts);
  });
});
