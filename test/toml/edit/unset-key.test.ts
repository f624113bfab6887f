import { describe, expect, test } from 'vitest';
import { TomlDocument } from '../../../src/toml/index.js';
import { edited } from './apply-edits.js';

describe('unset removes', () => {
  test.each<[string, string, string, string]>([
    ['a line with its comment, but not the comments above it', '# above\na = 1 # c\nb = 2\n', 'a', '# above\nb = 2\n'],
    ['all lines of a value', 'a = [\n  1, # one\n] # c\nb = """\n"""\n', 'a', 'b = """\n"""\n'],
    ['the last line, and the newline before it if the text had no final newline', 'a = 1\r\nb = 2', 'b', 'a = 1'],
    ['the only line', '\uFEFFa = 1', 'a', '\uFEFF'],
    ['the last key of a table, but not its header', '[t] # c\nx = 1\n\n[u]\n', 't.x', '[t] # c\n\n[u]\n'],
    ['a dotted key', 'a.b = 1\na.c = 2\n', 'a.b', 'a.c = 2\n'],
    ['a dotted table', 'x = 0\na.b.c = 1\ny = 0\na.b.d = 2\na.e = 3\n', 'a.b', 'x = 0\ny = 0\na.e = 3\n'],
    [
      'a table with everything below it, wherever that is',
      'x = 0\n[a]\nk = 1\n# c\n[z]\n\n[a.b.c]\nn = 1\n[[a.l]]\n[a.l.m]\nq = [\n1]\n',
      'a',
      'x = 0\n# c\n[z]\n\n',
    ],
    ['a table that only headers imply', '[a.b]\nx = 1\n[z]\n[a.c]\n', 'a', '[z]\n'],
    ['a dotted table and the headers below it', 'a.b = 1\n[a.c]\nd = 2\n', 'a', ''],
    ['an array of tables', '[[x]]\na = 1\n[[x.y]]\n[z]\n[[x]]\n', 'x', '[z]\n'],
    ['the first key of an inline table', 'a = { x = 1, y = 2 }\n', 'a.x', 'a = { y = 2 }\n'],
    ['the last key of an inline table', 'a = { x = 1, y = 2 }\n', 'a.y', 'a = { x = 1 }\n'],
    ['the only key of an inline table', 'a = { x = 1 }\n', 'a.x', 'a = { }\n'],
    ['a key before a trailing comma', 'a = { x = 1, y = 2, }\n', 'a.y', 'a = { x = 1, }\n'],
    ['a dotted table in an inline table', 'a = { x.y = 1, z = 2, x.w = 3 }\n', 'a.x', 'a = { z = 2 }\n'],
    ['an inline table in an inline table', 'a = { x = { y = 1 }, z = 2 }\n', 'a.x', 'a = { z = 2 }\n'],
    [
      'a line of an inline table, but no comments',
      'a = {\n  # one\n  x = 1,\n  # two\n  y = 2 # three\n}\n',
      'a.y',
      'a = {\n  # one\n  x = 1\n  # two\n   # three\n}\n',
    ],
  ])('%s', (_, text, key, result) => {
    expect(edited(text, [key, undefined])).toBe(result);
  });

  test.each(['b', 'a.b', 'a.b.c', 't.x', 'i.y', 'i.x.z', 'l.0', '__proto__', 't.constructor'])(
    'nothing if %s is missing, and returns false',
    (key) => {
      const document = TomlDocument.parse('a = 1\ni = { x = 1 }\nl = [{ a = 1 }]\n[t]\n');
      const edit = document.edit();
      expect(edit.unset(key.split('.'))).toBe(false);
      expect(edit.finish()).toBe(document);
    },
  );

  test('nothing in an array of tables, and the message names the place', () => {
    const edit = TomlDocument.parse('\n[[x]]\na = 1\n').edit();
    expect(() => edit.unset(['x', 'a'])).toThrow(
      expect.objectContaining({ code: 'KEY_CONFLICT', message: 'Cannot unset x.a: x is an array of tables (2:1)' }),
    );
  });

  test('a table, whose name a value can then use', () => {
    expect(edited('[a.b]\nx = 1\n', ['a', undefined], ['a', 1])).toBe('a = 1\n');
    expect(edited('a.b = 1\n[z]\n', ['a.b', undefined], ['a.c', 1])).toBe('[z]\n\n[a]\nc = 1\n');
  });
});
