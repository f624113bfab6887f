import { parse as parseIarna } from '@iarna/toml';
import fc from 'fast-check';
import { parse as parseSmol } from 'smol-toml';
import { expect, test } from 'vitest';
import { TomlDateTime, TomlDocument, type TomlInput } from '../../src/toml/index.js';
import { type Line, type Model, names, randomDocument, TableModel, TablesModel } from './random-document.js';

type Step =
  | { readonly kind: 'set'; readonly key: readonly string[]; readonly value: TomlInput }
  | { readonly kind: 'unset'; readonly key: readonly string[] }
  | { readonly kind: 'save' }
  | { readonly kind: 'rollback' };

const input: fc.Arbitrary<TomlInput> = fc.oneof(
  fc.constantFrom<TomlInput>(5, -0.5, 1e21, false, new Date('2026-05-06T07:08:09Z'), [1, 2], [], [{ a: [true] }]),
  fc.string({ unit: 'grapheme', maxLength: 5 }),
  fc.constantFrom<TomlInput>({}, { a: 1 }, { b: { c: 'x' }, 'x y': [] }),
);
const key = fc.array(names, { minLength: 1, maxLength: 4 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('set' as const), key, value: input }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('unset' as const), key }) },
  { weight: 1, arbitrary: fc.constantFrom<Step>({ kind: 'save' }, { kind: 'rollback' }) },
);

test('any edits of any document do what they do to plain maps, and nothing else', () => {
  fc.assert(
    fc.property(randomDocument, fc.array(step, { maxLength: 14 }), ({ text, lines, model, isNew }, steps) => {
      const document = TomlDocument.parse(text);
      expect(canonical(document.toTable())).toBe(canonical(model));
      const edit = document.edit();
      let root = copy(model);
      let saved = { model: copy(root), savepoint: edit.savepoint() };
      const touched: (readonly string[])[] = [];
      for (const one of steps) {
        if (one.kind === 'save') {
          saved = { model: copy(root), savepoint: edit.savepoint() };
        } else if (one.kind === 'rollback') {
          edit.rollback(saved.savepoint);
          root = copy(saved.model);
        } else {
          const expected = one.kind === 'set' ? setModel(root, one.key, one.value) : unsetModel(root, one.key);
          const apply = () => (one.kind === 'set' ? edit.set(one.key, one.value) : edit.unset(one.key));
          if (expected === 'conflict') expect(apply).toThrow(expect.objectContaining({ code: 'KEY_CONFLICT' }));
          else expect(apply()).toBe(expected);
          if (expected !== 'conflict') touched.push(one.key);
          expect(canonical(edit.get(one.key))).toBe(canonical(find(root, one.key)));
        }
      }
      const result = edit.finish();
      expect(edit.changed).toBe(result.text !== text);
      expect(canonical(result.toTable())).toBe(canonical(root));
      const body = result.text.replace(/^\uFEFF/, '');
      expect(canonical(parseSmol(body, { integersAsBigInt: 'asNeeded' }))).toBe(canonical(root));
      // Beyond it are a BOM, TOML 1.1, and comments where lines end with CRLF.
      if (!isNew && body === result.text && !body.includes('\r')) {
        expect(canonical(parseIarna(body))).toBe(canonical(root));
      }
      expectInOrder(
        lines.filter((line) => !isTouched(line, touched)),
        body,
      );
    }),
    { numRuns: 1500 },
  );
});

/** What a set does to the model; the value is to be seen as a table only where it is an object. */
function setModel(root: TableModel, key: readonly string[], value: TomlInput): undefined | 'conflict' {
  let table = root;
  const missing: string[] = [];
  for (const name of key.slice(0, -1)) {
    const member = missing.length > 0 ? undefined : table.members.get(name);
    if (member === undefined) missing.push(name);
    else if (member instanceof TableModel) table = member;
    else return 'conflict';
  }
  const last = key[key.length - 1] ?? '';
  const old = missing.length > 0 ? undefined : table.members.get(last);
  const model = toModel(value);
  if (old instanceof TablesModel) return 'conflict';
  if (old instanceof TableModel && !(old.form === 'inline' && model instanceof TableModel)) return 'conflict';
  for (const name of missing) {
    const made = new TableModel(table.form === 'inline' || table.form === 'dotted' ? table.form : 'implied');
    table.members.set(name, made);
    table = made;
  }
  if (table.form === 'implied') table.form = 'header';
  table.members.set(last, model);
  return undefined;
}

function unsetModel(root: TableModel, key: readonly string[]): boolean | 'conflict' {
  const way = [root];
  for (const name of key.slice(0, -1)) {
    const member = way[way.length - 1]?.members.get(name);
    if (member instanceof TablesModel) return 'conflict';
    if (!(member instanceof TableModel)) return false;
    way.push(member);
  }
  if (!way[way.length - 1]?.members.delete(key[key.length - 1] ?? '')) return false;
  for (let depth = way.length - 1; depth > 0; depth -= 1) {
    const table = way[depth];
    if (!table || table.members.size > 0 || table.form === 'header' || table.form === 'inline') break;
    way[depth - 1]?.members.delete(key[depth - 1] ?? '');
  }
  return true;
}

function find(root: TableModel, key: readonly string[]): Model | undefined {
  let member: Model | undefined = root;
  for (const name of key) member = member instanceof TableModel ? member.members.get(name) : undefined;
  return member;
}

function toModel(value: TomlInput): Model {
  if (Array.isArray(value)) return value.map(toModel);
  if (typeof value !== 'object' || value instanceof Date) return value as Model;
  return new TableModel('inline', new Map(Object.entries(value).map(([name, member]) => [name, toModel(member)])));
}

function copy(table: TableModel): TableModel {
  const members = Array.from(table.members, ([name, member]): [string, Model] => [
    name,
    member instanceof TableModel ? copy(member) : member,
  ]);
  return new TableModel(table.form, new Map(members));
}

/** One text for one value, whichever reader it comes from. */
function canonical(value: unknown): string {
  if (value instanceof TablesModel) return canonical(value.elements);
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (value instanceof TomlDateTime) return canonical(value.toDate());
  if (value instanceof Date) return new Date(value.getTime()).toISOString();
  // A newline in a string is the file's or normalized: TOML leaves that to the reader.
  if (typeof value === 'string') return JSON.stringify(value.replaceAll('\r\n', '\n'));
  if (typeof value !== 'object' || value === null) return `${value}`;
  const members = value instanceof TableModel ? [...value.members] : Object.entries(value);
  const texts = members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`);
  return `{${texts.sort().join()}}`;
}

function isTouched({ key: line }: Line, touched: readonly (readonly string[])[]): boolean {
  return line !== undefined && touched.some((key) => key.every((part, i) => i >= line.length || line[i] === part));
}

function expectInOrder(lines: readonly Line[], text: string): void {
  let position = 0;
  for (const line of lines) {
    const start = text.indexOf(line.text, position);
    expect(start, `${JSON.stringify(line.text)} in ${JSON.stringify(text)}`).toBeGreaterThanOrEqual(0);
    position = start + line.text.length;
  }
}
