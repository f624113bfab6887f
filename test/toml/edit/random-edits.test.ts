import { parse as parseIarna } from '@iarna/toml';
import fc from 'fast-check';
import { parse as parseSmol, TomlDate } from 'smol-toml';
import { expect, test } from 'vitest';
import { TomlDateTime, TomlDocument, type TomlInput } from '../../../src/toml/index.js';
import { canIarnaReadDates } from './iarna-dates.js';
import {
  DateModel,
  isBeyondIarna,
  type Line,
  type Model,
  names,
  randomDocument,
  TableModel,
  TablesModel,
} from './random-document.js';

type Step =
  | { readonly kind: 'set'; readonly key: RandomKey; readonly value: TomlInput }
  | { readonly kind: 'unset'; readonly key: RandomKey }
  | { readonly kind: 'save' }
  | { readonly kind: 'rollback' };

/** An existing key, chosen by its index, without its last parts and with some parts added. */
interface RandomKey {
  readonly index: number;
  readonly dropped: number;
  readonly added: readonly string[];
}

const randomInput: fc.Arbitrary<TomlInput> = fc.oneof(
  fc.constantFrom<TomlInput>(5, -0.5, -0, 1e21, Number.NaN, 2n ** 63n - 1n, -(2n ** 63n), false),
  fc.constantFrom<TomlInput>(new Date('2026-05-06T07:08:09Z'), [1, 2], [], [{ a: [true] }]),
  fc.string({ unit: 'grapheme', maxLength: 5 }),
  fc.constantFrom<TomlInput>({}, { a: 1 }, { b: { c: 'x' }, 'x y': [] }, JSON.parse('{"__proto__":{"constructor":1}}')),
);
const randomKey: fc.Arbitrary<RandomKey> = fc.record({
  index: fc.nat(),
  dropped: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constantFrom(1, 9) }),
  added: fc.oneof(
    { weight: 2, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(names, { minLength: 1, maxLength: 3 }) },
  ),
});
const randomStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('set' as const), key: randomKey, value: randomInput }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('unset' as const), key: randomKey }) },
  { weight: 1, arbitrary: fc.constantFrom<Step>({ kind: 'save' }, { kind: 'rollback' }) },
);

test('random edits of a random document change it as they change plain maps, and leave all other lines as they are', () => {
  fc.assert(
    fc.property(
      randomDocument,
      fc.array(randomStep, { maxLength: 14 }),
      ({ text, lines, model, isBeyondIarna: isBeyond }, steps) => {
        const document = TomlDocument.parse(text);
        expect(canonical(document.toTable())).toBe(canonical(model));
        const edit = document.edit();
        let root = copy(model);
        let saved = { model: copy(root), savepoint: edit.savepoint() };
        const touched: (readonly string[])[] = [];
        for (const step of steps) {
          if (step.kind === 'save') {
            saved = { model: copy(root), savepoint: edit.savepoint() };
          } else if (step.kind === 'rollback') {
            edit.rollback(saved.savepoint);
            root = copy(saved.model);
          } else {
            const key = keyOf(root, step.key);
            const expected = step.kind === 'set' ? setModel(root, key, step.value) : unsetModel(root, key);
            const apply = () => (step.kind === 'set' ? edit.set(key, step.value) : edit.unset(key));
            if (expected === 'conflict') expect(apply).toThrow(expect.objectContaining({ code: 'KEY_CONFLICT' }));
            else expect(apply()).toBe(expected);
            if (expected !== 'conflict') touched.push(key);
            expect(canonical(edit.get(key))).toBe(canonical(find(root, key)));
          }
        }
        const result = edit.finish();
        if (result.text === text) expect(result).toBe(document);
        expect(canonical(result.toTable())).toBe(canonical(root));
        const body = result.text.replace(/^\uFEFF/, '');
        expect(canonical(parseSmol(body, { integersAsBigInt: 'asNeeded' }))).toBe(canonical(root));
        // @iarna/toml can read neither a BOM nor comments on lines that end with CRLF.
        const isReadable = !isBeyond && !touched.flat().some(isBeyondIarna) && canIarnaReadDates(body);
        if (isReadable && body === result.text && !/\r|__proto__/.test(body)) {
          expect(canonical(parseIarna(body))).toBe(canonical(root));
        }
        expectInOrder(
          lines.filter((line) => !isTouched(line, touched)),
          text.endsWith('\n'),
          body,
        );
      },
    ),
    { numRuns: 2000 },
  );
});

function keyOf(root: TableModel, { index, dropped, added }: RandomKey): readonly string[] {
  const keys = keysBelow(root, []);
  const chosen = keys[index % Math.max(keys.length, 1)] ?? [];
  const key = [...chosen.slice(0, Math.max(chosen.length - dropped, 0)), ...added];
  return key.length > 0 ? key : ['a'];
}

function keysBelow(table: TableModel, path: readonly string[]): (readonly string[])[] {
  return [...table.members].flatMap(([name, member]) => {
    const key = [...path, name];
    return [key, ...(member instanceof TableModel ? keysBelow(member, key) : [])];
  });
}

/** Sets a key in the model. Only a plain object becomes a table. */
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
    const created = new TableModel(table.form === 'inline' || table.form === 'dotted' ? table.form : 'implied');
    table.members.set(name, created);
    table = created;
  }
  if (table.form === 'implied') table.form = 'header';
  table.members.set(last, model);
  return undefined;
}

function unsetModel(root: TableModel, key: readonly string[]): boolean | 'conflict' {
  const tables = [root];
  for (const name of key.slice(0, -1)) {
    const member = tables[tables.length - 1]?.members.get(name);
    if (member instanceof TablesModel) return 'conflict';
    if (!(member instanceof TableModel)) return false;
    tables.push(member);
  }
  if (!tables[tables.length - 1]?.members.delete(key[key.length - 1] ?? '')) return false;
  for (let depth = tables.length - 1; depth > 0; depth -= 1) {
    const table = tables[depth];
    if (!table || table.members.size > 0 || table.form === 'header' || table.form === 'inline') break;
    tables[depth - 1]?.members.delete(key[depth - 1] ?? '');
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
  if (value instanceof Date) return new DateModel(value.toISOString());
  if (typeof value !== 'object') return value;
  return new TableModel('inline', new Map(Object.entries(value).map(([name, member]) => [name, toModel(member)])));
}

function copy(table: TableModel): TableModel {
  const members = Array.from(table.members, ([name, member]): [string, Model] => [
    name,
    member instanceof TableModel ? copy(member) : member,
  ]);
  return new TableModel(table.form, new Map(members));
}

/** Returns the same text for the same value from any parser. */
function canonical(value: unknown): string {
  if (value instanceof TablesModel) return canonical(value.elements);
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (value instanceof DateModel) return value.text;
  if (value instanceof TomlDateTime || value instanceof Date) return dateText(value);
  if (Object.is(value, -0)) return '-0';
  // TOML lets a parser keep or normalize the newlines in a string.
  if (typeof value === 'string') return JSON.stringify(value.replaceAll('\r\n', '\n'));
  if (typeof value !== 'object' || value === null) return `${value}`;
  const members = value instanceof TableModel ? [...value.members] : Object.entries(value);
  const texts = members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`);
  return `{${texts.sort().join()}}`;
}

/**
 * Returns the text of a date from zjj, from smol-toml, where `isLocal`, `isDate` and `isTime` are methods, or from
 * @iarna/toml, where `isDate`, `isTime` and `isFloating` are properties.
 */
function dateText(value: TomlDateTime | Date): string {
  if (value instanceof TomlDateTime) {
    if (value.kind === 'offset-date-time') return value.toDate().toISOString();
    if (value.kind === 'local-date') return value.text;
    const [, day = '', time = '', second = '00', fraction = ''] =
      /^(\d+-\d+-\d+)?[Tt ]?(\d+:\d+)(?::(\d+))?(?:\.(\d+))?$/.exec(value.text) ?? [];
    return `${day}${day && 'T'}${time}:${second}.${fraction.slice(0, 3).padEnd(3, '0')}`;
  }
  const text = new Date(value.getTime()).toISOString();
  const { isDate, isTime, isFloating } = value as { isDate?: unknown; isTime?: unknown; isFloating?: unknown };
  if (value instanceof TomlDate)
    return value.isLocal() || value.isDate() || value.isTime() ? value.toISOString() : text;
  if (isDate) return text.slice(0, 10);
  if (isTime) return text.slice(11, -1);
  return isFloating ? text.slice(0, -1) : text;
}

function isTouched({ key: line }: Line, touched: readonly (readonly string[])[]): boolean {
  return line !== undefined && touched.some((key) => key.every((part, i) => i >= line.length || line[i] === part));
}

/** Expects every line in the text, unchanged and in this order. Only the last line may gain or lose its newline. */
function expectInOrder(lines: readonly Line[], hasFinalNewline: boolean, text: string): void {
  const found = linesOf(text);
  let next = 0;
  const kept = lines.flatMap((line) => linesOf(line.text));
  // A blank line disappears if it becomes the last line of a text that must not end with a newline.
  if (!hasFinalNewline && /^\r?\n$/.test(kept[kept.length - 1] ?? '')) kept.pop();
  for (const line of kept) {
    while (next < found.length && !isSameLine(line, found[next] ?? '', next === found.length - 1)) next += 1;
    expect(next, `${JSON.stringify(line)} in ${JSON.stringify(text)}`).toBeLessThan(found.length);
    next += 1;
  }
}

function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function isSameLine(line: string, found: string, isLast: boolean): boolean {
  if (line === found) return true;
  return (isLast || !line.endsWith('\n')) && line.replace(/\r?\n$/, '') === found.replace(/\r?\n$/, '');
}
