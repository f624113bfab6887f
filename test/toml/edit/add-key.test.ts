import { describe, expect, test } from 'vitest';
import { type Change, edited } from './apply-edits.js';

type Case = [name: string, text: string, changes: Change[], result: string];

const cases = (list: Case[]) =>
  test.each(list)('%s', (_, text, changes, result) => {
    expect(edited(text, ...changes)).toBe(result);
  });

describe('a new key of a table with a header', () => {
  cases([
    [
      'follows its last key, before the comments after it',
      '[a]\nx = 1\n# y = 2\n\n[b]\n',
      [['a.z', 3]],
      '[a]\nx = 1\nz = 3\n# y = 2\n\n[b]\n',
    ],
    ['is indented like the key before it', '[a]\n\tx = 1\n[b]\n', [['a.y', 2]], '[a]\n\tx = 1\n\ty = 2\n[b]\n'],
    ['follows the header of an empty table', '[a] # c\n# d\n[b]\n', [['a.y', 2]], '[a] # c\ny = 2\n# d\n[b]\n'],
    [
      'takes the newline of its neighbour',
      'z = 1\n[a]\r\nx = 1\r\n[b]\n',
      [['a.y', 2]],
      'z = 1\n[a]\r\nx = 1\r\ny = 2\r\n[b]\n',
    ],
    ['needs no final newline', '[a]\r\nx = 1', [['a.y', 2]], '[a]\r\nx = 1\r\ny = 2'],
    ['follows a header at the end without a newline', '[a]', [['a.y', 2]], '[a]\ny = 2'],
    [
      'follows the last line of a value of several lines',
      '[a]\nx = """\n[b]\n""" # c\n',
      [['a.y', 2]],
      '[a]\nx = """\n[b]\n""" # c\ny = 2\n',
    ],
    [
      'goes into the table, not into the sub-table after it',
      '[a]\nx = 1\n[a.b]\ny = 2\n',
      [['a.z', 3]],
      '[a]\nx = 1\nz = 3\n[a.b]\ny = 2\n',
    ],
    ['goes into a super-table that comes later', '[a.b]\ny = 2\n[a]\n', [['a.z', 3]], '[a.b]\ny = 2\n[a]\nz = 3\n'],
    [
      'goes into the table, not into an element of an array',
      '[[x]]\n[x.a]\n[a]\n[[x]]\n[x.a]\n',
      [['a.z', 3]],
      '[[x]]\n[x.a]\n[a]\nz = 3\n[[x]]\n[x.a]\n',
    ],
    ['is quoted if necessary', '[a]\n', [['a."b.c"', 1]], '[a]\n"b.c" = 1\n'],
    ['is an inline table for an object', '[a]\n', [['a.b', { c: 1 }]], '[a]\nb = { c = 1 }\n'],
  ]);
});

describe('a new key of the root', () => {
  cases([
    [
      'starts an empty file',
      '',
      [
        ['a', 1],
        ['b', 2],
      ],
      'a = 1\nb = 2\n',
    ],
    ['follows the BOM of an empty file', '\uFEFF', [['a', 1]], '\uFEFFa = 1\n'],
    ['follows the last root key', 'a = 1 # c\n# d\n\n[t]\n', [['b', 2]], 'a = 1 # c\nb = 2\n# d\n\n[t]\n'],
    [
      'precedes the first header and its comments',
      '# file\n\n# about t\n[t]\n',
      [
        ['a', 1],
        ['b', 2],
      ],
      '# file\n\na = 1\nb = 2\n\n# about t\n[t]\n',
    ],
    ['precedes a header at the start', '\uFEFF[t]\r\n', [['a', 1]], '\uFEFFa = 1\r\n\r\n[t]\r\n'],
    ['follows a file of comments', '# file', [['a', 1]], '# file\na = 1'],
    ['does not inherit the indent of a header', '  [t]\n', [['a', 1]], 'a = 1\n\n  [t]\n'],
    [
      'leaves no blank line if it is unset again',
      '[t]\n',
      [
        ['a', 1],
        ['a', undefined],
      ],
      '[t]\n',
    ],
    [
      'goes where the last root key was',
      'a = 1\n\n[t]\n',
      [
        ['a', undefined],
        ['b', 2],
      ],
      'b = 2\n\n[t]\n',
    ],
  ]);
});

describe('a new table', () => {
  cases([
    ['goes to the end, after one blank line', 'a = 1\n# end\n', [['t.x', 1]], 'a = 1\n# end\n\n[t]\nx = 1\n'],
    ['adds no second blank line', '[a]\n\n', [['t.x', 1]], '[a]\n\n[t]\nx = 1\n'],
    ['needs no final newline', '[a]\r\nx = 1', [['t.x', 1]], '[a]\r\nx = 1\r\n\r\n[t]\r\nx = 1'],
    [
      'has one header for all its keys',
      '',
      [
        ['t.x', 1],
        ['a', 0],
        ['t.y', 2],
      ],
      'a = 0\n\n[t]\nx = 1\ny = 2\n',
    ],
    [
      'goes after the family of its nearest ancestor',
      '[a]\n[a.b]\nx = 1\n\n# z\n[z]\n',
      [['a.c.d', 1]],
      '[a]\n[a.b]\nx = 1\n\n[a.c]\nd = 1\n\n# z\n[z]\n',
    ],
    [
      'is separated by blank lines in a file that has none',
      '[a]\nx = 1\n[z]\n',
      [['a.c.d', 1]],
      '[a]\nx = 1\n\n[a.c]\nd = 1\n\n[z]\n',
    ],
    [
      'goes after the arrays of tables of its ancestor too',
      '[[a.l]]\n[a.l.s]\n[z]\n',
      [['a.c.d', 1]],
      '[[a.l]]\n[a.l.s]\n\n[a.c]\nd = 1\n\n[z]\n',
    ],
    [
      'gets a header before the headers that imply it',
      'x = 1\n\n# about b\n[a.b]\n',
      [['a.k', 1]],
      'x = 1\n\n[a]\nk = 1\n\n# about b\n[a.b]\n',
    ],
    ['gets a header before the array of tables that implies it', '[[a.b]]\n', [['a.k', 1]], '[a]\nk = 1\n\n[[a.b]]\n'],
    [
      'in a new table follows that table',
      '',
      [
        ['a.b.c', 1],
        ['a.x', 2],
        ['a.b.d', 3],
      ],
      '[a]\nx = 2\n\n[a.b]\nc = 1\nd = 3\n',
    ],
    [
      'can be named __proto__ or constructor',
      '',
      [
        ['__proto__.x', 1],
        ['constructor.y', 2],
      ],
      '[__proto__]\nx = 1\n\n[constructor]\ny = 2\n',
    ],
  ]);
});

describe('a new key of a dotted table', () => {
  cases([
    ['follows the last key with its prefix', 'a.b = 1 # c\nz = 2\n', [['a.c', 3]], 'a.b = 1 # c\na.c = 3\nz = 2\n'],
    [
      'follows the deepest existing prefix',
      'a.b.c = 1\na.d = 2\n',
      [
        ['a.b.e', 3],
        ['a.f.g', 4],
      ],
      'a.b.c = 1\na.b.e = 3\na.d = 2\na.f.g = 4\n',
    ],
    ['is relative to its section', '[t]\n a.b = 1\n[u]\n', [['t.a.c', 2]], '[t]\n a.b = 1\n a.c = 2\n[u]\n'],
    [
      'is dotted even if the table has headers below it',
      'a.b = 1\n[a.c]\n',
      [
        ['a.d', 2],
        ['a.c.e', 3],
      ],
      'a.b = 1\na.d = 2\n[a.c]\ne = 3\n',
    ],
    [
      'follows the remaining keys with its prefix',
      'a.b = 1\nx = 0\na.c = 2\n',
      [
        ['a.c', undefined],
        ['a.d', 3],
      ],
      'a.b = 1\na.d = 3\nx = 0\n',
    ],
  ]);
});

describe('a new key of an inline table', () => {
  cases([
    ['goes before the closing brace', 'a = { x = 1 } # c', [['a.y', 2]], 'a = { x = 1, y = 2 } # c'],
    [
      'goes into an empty table',
      'a = {}\nb = { }\n',
      [
        ['a.y', 2],
        ['b.y', 2],
      ],
      'a = { y = 2 }\nb = { y = 2 }\n',
    ],
    ['goes into a table without spaces', 'a = {x=1}\n', [['a.y', 2]], 'a = {x=1, y = 2}\n'],
    ['keeps a trailing comma', 'a = { x = 1, }\n', [['a.y', 2]], 'a = { x = 1, y = 2, }\n'],
    [
      'gets its own line if the closing brace has one',
      'a = {\r\n\tx = 1 # one, two\r\n}\r\n',
      [['a.y', 2]],
      'a = {\r\n\tx = 1, # one, two\r\n\ty = 2\r\n}\r\n',
    ],
    [
      'gets its own line and a trailing comma',
      'a = {\n  x = 1, # }\n  # end\n}\n',
      [['a.y', 2]],
      'a = {\n  x = 1, # }\n  # end\n  y = 2,\n}\n',
    ],
    ['gets its own line in an empty table of two lines', 'a = { # c\n}\n', [['a.y', 2]], 'a = { # c\n  y = 2\n}\n'],
    [
      'creates nested inline tables',
      'a = { x = 1 }\n',
      [
        ['a.b.c.d', 2],
        ['a.b.c.e', 3],
      ],
      'a = { x = 1, b = { c = { d = 2, e = 3 } } }\n',
    ],
    ['is dotted like the keys beside it', 'a = { x.y = 1 }\n', [['a.x.z', 2]], 'a = { x.y = 1, x.z = 2 }\n'],
    [
      'goes into a table that the same edit set',
      '',
      [
        ['a', { x: 1 }],
        ['a.y', 2],
        ['a', { z: 3 }],
        ['a.w', 4],
      ],
      'a = { z = 3, w = 4 }\n',
    ],
    [
      'goes to the end even if strings have braces and commas',
      'a = { x = "},#", y = [\'}\'] }\n',
      [['a.z', 2]],
      'a = { x = "},#", y = [\'}\'], z = 2 }\n',
    ],
  ]);
});
