import { describe, expect, test } from 'vitest';
import { TomlDateTime, TomlDocument, type TomlInput, TomlLiteral } from '../../../src/toml/index.js';
import { edited } from './apply-edits.js';

describe('set replaces an existing value in place', () => {
  test.each<[string, string, TomlInput, string]>([
    ['  a  =  1   # c\r\n', 'a', 2, '  a  =  2   # c\r\n'],
    ['\ta\t=\t"x"\t# c', 'a', 'y', '\ta\t=\t"y"\t# c'],
    ['a = """\nx\n""" # c\nb = 1\n', 'a', 'y', 'a = "y" # c\nb = 1\n'],
    ['a = [ # one\n  1,\n  2, # two\n] # c\n', 'a', [3], 'a = [3] # c\n'],
    ['"a.b".\'c d\' = 1\n', '"a.b"."c d"', true, '"a.b".\'c d\' = true\n'],
    ['a.b = 1 # c\n', 'a.b', 2, 'a.b = 2 # c\n'],
    ['a = { b = 1, c = { d.e = 2 } } # c\n', 'a.c.d.e', 3, 'a = { b = 1, c = { d.e = 3 } } # c\n'],
    ['a = 0', 'a', 5, 'a = 5'],
    ['a = 1\n', 'a', { b: 1 }, 'a = { b = 1 }\n'],
    ['a = { b = 1 }\n', 'a', { c: [2] }, 'a = { c = [2] }\n'],
    ['a = 1 # c', 'a', TomlDateTime.parse('07:32:00'), 'a = 07:32:00 # c'],
    ['[__proto__]\nconstructor = 1\n', '__proto__.constructor', 2, '[__proto__]\nconstructor = 2\n'],
  ])('in %j: %s', (text, key, value, result) => {
    expect(edited(text, [key, value])).toBe(result);
  });

  test.each<[string, TomlInput, string]>([
    ['1.5', 2, '2.0'],
    ['1.5', 2n, '2'],
    ['1.5', 1e300, '1e+300'],
    ['1', 2, '2'],
    ["'c:\\x'", 'd:\\y', "'d:\\y'"],
    ["'x'", 'a\tb', "'a\tb'"],
    ["'x'", "it's", '"it\'s"'],
    ["'x'", 'a\nb', '"a\\nb"'],
    ["''", '\\', "'\\'"],
    ["'''x'''", '\\', '"\\\\"'],
    ['255', new TomlLiteral('0xff'), '0xff'],
    ['[255]', [new TomlLiteral('0xff')], '[0xff]'],
    ['0xff', 254, '254'],
  ])('%s set to %o becomes %s', (old, value, written) => {
    expect(edited(`a = ${old}`, ['a', value])).toBe(`a = ${written}`);
  });

  test.each<[string, TomlInput]>([
    ['0xff', 255],
    ['1.0', 1],
    ['1_000.0', 1000],
    ["'x'", 'x'],
    ['"\\u0078"', 'x'],
    ['{ b = [1 , 2] }', { b: [1, 2] }],
    ['1979-05-27', TomlDateTime.parse('1979-05-27')],
    ['nan', Number.NaN],
    ['0xff', new TomlLiteral('0xff')],
  ])('%s set to the same value %o changes nothing', (old, value) => {
    const document = TomlDocument.parse(`a = ${old} # c\n`);
    const edit = document.edit();
    edit.set(['a'], value);
    expect(edit.finish()).toBe(document);
    expect(edit.finish()).toBe(document);
  });

  test.each<[string, TomlInput]>([
    ['1', 1.5],
    ['1.0', 1n],
    ['-0.0', 0n],
    ['"1"', 1],
    ['1979-05-27', '1979-05-27'],
  ])('%s set to %o, of another type, changes the text', (old, value) => {
    const document = TomlDocument.parse(`a = ${old}`);
    const edit = document.edit();
    edit.set(['a'], value);
    expect(edit.finish().text).not.toBe(document.text);
    edit.finish();
  });
});

describe('set refuses an obstacle and names its place', () => {
  test.each<[string, string, TomlInput, string]>([
    ['x = 1\n  a = 1\n', 'a.b', 1, 'a is an integer (c.toml:2:3)'],
    ['\uFEFFa = [{ b = 1 }]\n', 'a.b', 1, 'a is an array (c.toml:1:1)'],
    ['a = { b = "x" }\n', 'a.b.c', 1, 'a.b is a string (c.toml:1:7)'],
    ['a = 07:32:00\n', 'a.b.c.d', 1, 'a is a date or time (c.toml:1:1)'],
    ['\r\n[a]\r\n', 'a', 1, 'a is a table (c.toml:2:1)'],
    ['[a.b]\n', 'a', 1, 'a is a table (c.toml:1:1)'],
    ['a.b = 1\n', 'a', 1, 'a is a table (c.toml:1:1)'],
    ['a = { b = 1 }\n', 'a', 1, 'a is a table (c.toml:1:1)'],
    ['[a]\n', 'a', { b: 1 }, 'set its keys one by one, or unset it first'],
    ['[t]\na.b = 1\n', 't.a', {}, 't.a is a table (c.toml:2:1)'],
    ['a = { b.c = 1 }\n', 'a.b', {}, 'a.b is a table (c.toml:1:7)'],
    ['x = 1\n[[a]]\n', 'a', [], 'a is an array of tables (c.toml:2:1)'],
    ['[[a]]\n[a.b]\n', 'a.b.c', 1, 'a is an array of tables (c.toml:1:1)'],
    ['[[a.b]]\n', 'a.b.c', 1, 'a.b is an array of tables (c.toml:1:1)'],
  ])('%j: %s', (text, key, value, reason) => {
    const document = TomlDocument.parse(text, 'c.toml');
    const edit = document.edit();
    expect(() => edit.set(key.split('.'), value)).toThrow(
      expect.objectContaining({ code: 'KEY_CONFLICT', path: 'c.toml', message: expect.stringContaining(reason) }),
    );
    expect(edit.finish()).toBe(document);
  });

  test('the message says that the obstacle was set earlier in the edit', () => {
    const edit = TomlDocument.parse('').edit();
    edit.set(['a'], 1);
    expect(() => edit.set(['a', 'b'], 1)).toThrow('a is an integer (set earlier in this edit)');
  });

  test('a refused value leaves the edit unchanged', () => {
    const document = TomlDocument.parse('a = 1');
    const edit = document.edit();
    expect(() => edit.set(['b', 'c'], Number as unknown as TomlInput)).toThrow('TOML cannot represent it');
    expect(() => edit.set(Array(1001).fill('x'), 1)).toThrow(expect.objectContaining({ code: 'CONFIG_LIMIT' }));
    expect(edit.finish()).toBe(document);
  });
});
