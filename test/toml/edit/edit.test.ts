import { describe, expect, test } from 'vitest';
import { checkEdit } from '../../../src/toml/edit/gate.js';
import { GateError, TomlDocument } from '../../../src/toml/index.js';
import { applyChange, type Change } from './apply-edits.js';

describe('an edit', () => {
  test('sees its own changes', () => {
    const edit = TomlDocument.parse('a = { b = 1 }\nc.d = 1\n[[x]]\n').edit();
    edit.set(['a', 'e'], 2);
    edit.set(['n', 'm'], [1]);
    edit.unset(['c', 'd']);
    expect(edit.get(['a'])).toEqual({ b: 1, e: 2 });
    expect(edit.get(['n', 'm'])).toEqual([1]);
    expect(edit.get(['x'])).toEqual([{}]);
    expect([edit.has(['c']), edit.has(['n']), edit.has(['a', 'b', 'z']), edit.has(['x', '0'])]).toEqual([
      false,
      true,
      false,
      false,
    ]);
  });

  test('returns frozen values that later changes do not affect', () => {
    const edit = TomlDocument.parse('[a]\nb = 1\n').edit();
    const before = edit.get(['a']);
    edit.set(['a', 'b'], 2);
    expect(before).toEqual({ b: 1 });
    expect(Object.isFrozen(before)).toBe(true);
  });

  test('copies the values that it is given', () => {
    const list = [1];
    const edit = TomlDocument.parse('').edit();
    edit.set(['l'], list);
    list.push(2);
    expect(edit.finish().text).toBe('l = [1]\n');
  });

  test('that unsets everything it set returns the old document', () => {
    const document = TomlDocument.parse('[t]\nx = 1\n\n[u]\na = { b = 1 }');
    const edit = document.edit();
    for (const change of [
      ['k', 1],
      ['t.y', 2],
      ['t.s.z', 3],
      ['new.a', 1],
      ['u.c', 2],
    ] satisfies Change[])
      applyChange(edit, change);
    for (const key of ['k', 't.y', 't.s', 'new', 'u.c']) edit.unset(key.split('.'));
    expect(edit.finish()).toBe(document);
  });

  test('can be finished, continued and finished again', () => {
    const edit = TomlDocument.parse('').edit();
    edit.set(['a'], 1);
    expect(edit.finish().text).toBe('a = 1\n');
    edit.set(['b'], 2);
    expect(edit.finish().text).toBe('a = 1\nb = 2\n');
  });

  test('returns a document that can be edited again', () => {
    const first = TomlDocument.parse('').edit();
    first.set(['t', 'a'], 1);
    const second = first.finish().edit();
    second.set(['t', 'b'], 2);
    expect(second.finish().text).toBe('[t]\na = 1\nb = 2\n');
  });
});

describe('rollback', () => {
  test('undoes exactly the changes since the savepoint', () => {
    const text = 'r = 1\ni = { a = 1, b = { c = 2 } }\n[t]\nd.e = 1\n[[l]]\n[t.u]\n';
    const edit = TomlDocument.parse(text).edit();
    edit.set(['t', 'kept'], 1);
    edit.set(['i', 'kept'], 1);
    const kept = edit.finish().text;
    const savepoint = edit.savepoint();
    const changes: Change[] = [
      ['r', 2],
      ['i.b.d', 3],
      ['i.a', undefined],
      ['i', { z: 1 }],
      ['i.y', 1],
      ['t.d.f', 2],
      ['t.d', undefined],
      ['t.n.m', 1],
      ['l', undefined],
      ['t.u', undefined],
      ['s', 1],
      ['t', undefined],
      ['t', 5],
    ];
    for (const [index] of changes.entries()) {
      for (const change of changes.slice(0, index + 1)) applyChange(edit, change);
      edit.finish();
      edit.rollback(savepoint);
      expect(edit.finish().text).toBe(kept);
    }
    edit.set(['t', 'u', 'x'], 1);
    expect(edit.finish().text).toBe(`${kept}x = 1\n`);
  });

  test('to the start returns the old document', () => {
    const document = TomlDocument.parse('a = 1');
    const edit = document.edit();
    const savepoint = edit.savepoint();
    edit.set(['b', 'c'], 1);
    edit.rollback(savepoint);
    expect(edit.finish()).toBe(document);
  });
});

describe('the gate refuses', () => {
  const check = (before: string, after: string, key: string, expected = after, isUnset = false): void =>
    checkEdit(TomlDocument.parse(before), TomlDocument.parse(after), TomlDocument.parse(expected).root, [
      { parts: key.split('.'), isUnset },
    ]);

  test.each([
    ['an unexpected value', 'a = 1\n', 'a = 2\n', 'a', 'a = 3\n'],
    ['a float instead of an integer', 'a = 1\n', 'a = 2.0\n', 'a', 'a = 2\n'],
    ['an additional key', 'a = 1\n', 'a = 2\nb = 1\n', 'a', 'a = 2\n'],
    ['a lost comment', '# c\na = 1\n', 'a = 2\n', 'a'],
    ['a changed comment', '# c\na = 1\n', '# d\na = 2\n', 'a'],
    ['a lost blank line', 'a = 1\n\nb = 1\n', 'a = 2\nb = 1\n', 'a'],
    ['changed white space', 'a = 1\nb  = 1\n', 'a = 2\nb = 1\n', 'a'],
    ['changed quotes', "a = 1\nb = 'x'\n", 'a = 2\nb = "x"\n', 'a'],
    ['a changed newline', 'a = 1\r\nb = 1\r\nc = 1\r\n', 'a = 2\r\nb = 1\nc = 1\r\n', 'a'],
    ['a changed order of lines', 'a = 1\nb = 1\nc = 1\n', 'a = 2\nc = 1\nb = 1\n', 'a'],
    ['a lost comment beside the value', 'a = 1 # c\n', 'a = 2\n', 'a'],
    ['changed white space before the value', 'a  = 1\n', 'a = 2\n', 'a'],
    ['a lost BOM', '\uFEFFa = 1\n', 'a = 2\n', 'a'],
    ['a lost blank line between unchanged lines', 'x = 1\n\na = 1\n\ny = 1\n', 'x = 1\n\na = 2\ny = 1\n', 'a'],
    ['a lost comment far from the key', 'x = 1\n# c\ny = 1\na = 1\nz = 1\n', 'x = 1\ny = 1\na = 2\nz = 1\n', 'a'],
    ['a lost header', '[a]\nx = 1\n[a.b]\ny = 1\n', '[a]\nx = 2\nb.y = 1\n', 'a.x'],
  ])('%s', (_, before, after, key, expected = after) => {
    expect(() => check(before, after, key, expected)).toThrow(GateError);
  });

  test.each<[string, string, string, string, boolean?]>([
    ['a changed value', '# c\r\na = [\r\n1] # d\r\n\r\n[t]', '# c\r\na = 2 # d\r\n\r\n[t]', 'a'],
    ['a new line after a line without a newline', 'a = 1\r\nb = 1', 'a = 1\r\nb = 1\r\nc = 1', 'c'],
    ['a removed last line', 'a = 1\r\nb = 1', 'a = 1', 'b', true],
  ])('but accepts %s', (_, before, after, key, isUnset = false) => {
    expect(() => check(before, after, key, after, isUnset)).not.toThrow();
  });
});

describe('many changes in one edit', () => {
  const count = 10_000;
  const milliseconds = (work: () => void): number => {
    const start = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1000;
  };
  const setAll = (text: string, key: (index: number) => string[], total: number): number => {
    const edit = TomlDocument.parse(text).edit();
    return milliseconds(() => {
      for (let index = 0; index < total; index += 1) edit.set(key(index), index);
    });
  };

  test.each<[string, string, (index: number) => string[]]>([
    ['root keys', '', (index) => [`k${index}`]],
    ['root keys before headers', '# c\n\n[z]\n', (index) => [`k${index}`]],
    ['keys of a new table', '', (index) => ['t', `k${index}`]],
    ['dotted keys', 'a.b = 1\nz = 1\n', (index) => ['a', `k${index}`]],
    ['keys of an inline table', 'a = {}\n', (index) => ['a', `k${index}`]],
    ['tables', '[a]\n[z]\n', (index) => ['a', `t${index}`, 'k']],
  ])('of %s cost about as much each as in a small edit', (_, text, key) => {
    setAll(text, key, 1000);
    const few = setAll(text, key, 1000);
    const many = setAll(text, key, count);
    // Ten times as many changes. If each one searched the text, they would take a hundred times as long.
    expect(many).toBeLessThan(Math.max(few, 5) * 60);
  });

  test('are all in the text', () => {
    const edit = TomlDocument.parse('').edit();
    for (let index = 0; index < count; index += 1) edit.set([`k${index}`], index);
    expect(Object.keys(edit.finish().toTable())).toHaveLength(count);
  });
});
