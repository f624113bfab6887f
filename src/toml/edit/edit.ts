import { ZjjError } from '../../errors.js';
import type { TomlDocument } from '../document.js';
import { formatKey } from '../syntax/key-path.js';
import { findMember, maxDepth, type Typed, toValue } from '../syntax/typed.js';
import { formatTyped, toTyped } from '../value/format-value.js';
import type { TomlInput, TomlValue } from '../value/values.js';
import { buildModel } from './build-model.js';
import { conflict } from './conflict.js';
import { checkEdit, type EditedKey, GateError } from './gate.js';
import { InlineEditor } from './inline-edit.js';
import {
  type Entry,
  entryOf,
  type Leaf,
  type Node,
  newTable,
  nodeValue,
  pathOf,
  type Table,
  tableValue,
} from './model.js';
import { PieceList } from './pieces.js';
import { restyle } from './restyle.js';
import { SectionEditor } from './section-edit.js';
import { type Savepoint, UndoLog } from './undo-log.js';

export type { Savepoint };

/**
 * Changes to a document, made one by one and seen at once by `get`; `finish` makes the new text. Each costs the depth of
 * its key, not the length of the text.
 *
 * @example
 * const edit = TomlDocument.parse('port = 1 # ours\n').edit();
 * edit.set(['port'], 2);
 * edit.finish().text // 'port = 2 # ours\n'
 */
export class TomlEdit {
  readonly #document: TomlDocument;
  readonly #parse: (text: string, path?: string) => TomlDocument;
  readonly #log = new UndoLog();
  readonly #pieces = new PieceList(this.#log);
  readonly #root: Table;
  readonly #sections: SectionEditor;
  readonly #inline = new InlineEditor(this.#pieces, this.#log);
  readonly #edited: EditedKey[] = [];
  /** Every line of the model ends with a newline; the last one loses it again where the document had none. */
  readonly #endsWithNewline: boolean;

  /** @internal Use {@link TomlDocument.edit}. */
  constructor(document: TomlDocument, parse: (text: string, path?: string) => TomlDocument) {
    const { body } = document;
    const newline = /\r?\n/.exec(body)?.[0] ?? '\n';
    this.#document = document;
    this.#parse = parse;
    this.#endsWithNewline = body === '' || body.endsWith('\n');
    this.#sections = new SectionEditor(this.#pieces, this.#log, newline);
    this.#root = buildModel(this.#endsWithNewline ? body : body + newline, document.sections, this.#pieces);
  }

  /** The value at a key as the edits so far left it, frozen; undefined if there is none. */
  get(parts: readonly string[]): TomlValue | undefined {
    const found = this.#find(parts);
    return found && toValue('kind' in found ? nodeValue(found) : found);
  }

  has(parts: readonly string[]): boolean {
    return this.#find(parts) !== undefined;
  }

  /**
   * Sets a key. What is there already keeps its place, its comment and, where it can, its style.
   *
   * @throws {ZjjError} INVALID_VALUE, CONFIG_LIMIT: as {@link formatValue}. KEY_CONFLICT: the way to the key leads through
   *   something that is no table, or into an array of tables; or the key is a table that the value would replace, and not
   *   an inline one that another object replaces. The message names what is in the way and its line and column.
   */
  set(parts: readonly string[], value: TomlInput): void {
    if (parts.length > maxDepth) throw new ZjjError('CONFIG_LIMIT', `A key of more than ${maxDepth} parts`);
    const typed = toTyped(value, parts.length);
    const { table, depth, node } = this.#descend(parts);
    if (depth < parts.length - 1 && node) throw this.#conflict('set', parts, depth + 1, node);
    if (!node) {
      this.#add(table, parts.slice(depth), typed);
    } else {
      this.#replace(table, node, parts, typed, typeof value === 'number');
    }
  }

  /**
   * Removes a key with its line, or a table or array of tables with all that is in it. Comments on lines of their own stay.
   *
   * @returns False if the key was not there.
   * @throws {ZjjError} KEY_CONFLICT: the key is in an element of an array of tables.
   */
  unset(parts: readonly string[]): boolean {
    if (parts.length === 0) return false;
    if (this.#find(parts, true) === undefined) return false;
    const { table, depth, node } = this.#descend(parts);
    if (!node) return false;
    this.#remove(node);
    this.#log.put(table.members, parts[depth] ?? '', undefined);
    this.#prune(table);
    this.#note(parts, true);
    return true;
  }

  /** Where the edit stands now, for {@link rollback}. */
  savepoint(): Savepoint {
    return { steps: this.#log.length };
  }

  /** Takes back every change that was made after the savepoint, and no other. */
  rollback(savepoint: Savepoint): void {
    this.#log.rewind(savepoint.steps);
  }

  /**
   * Makes the new text, reads it, and compares it with what the changes had to make of the old one.
   *
   * @returns The document of the new text; the old document if nothing changed.
   * @throws {GateError} The text is not what it had to be, and must not be written.
   */
  finish(): TomlDocument {
    const text = this.#log.length > 0 ? this.#render() : this.#document.text;
    if (text === this.#document.text) return this.#document;
    const result = this.#read(text);
    checkEdit(this.#document, result, tableValue(this.#root), this.#edited);
    return result;
  }

  #read(text: string): TomlDocument {
    try {
      return this.#parse(text, this.#document.path);
    } catch (error) {
      throw new GateError('An edit made a text that cannot be read', { cause: error });
    }
  }

  #render(): string {
    const { text, body } = this.#document;
    const edited = this.#pieces.join();
    const trimmed = this.#endsWithNewline ? edited : edited.replace(/\r?\n$/, '');
    return text.slice(0, text.length - body.length) + trimmed;
  }

  /** To unset what is found, an array of tables on the way is refused and not just no way. */
  #find(parts: readonly string[], isToUnset = false): Node | Typed | undefined {
    let node: Node = this.#root;
    for (const [index, part] of parts.entries()) {
      if (node.kind === 'leaf') return findMember(node.value, parts.slice(index));
      if (node.kind === 'array') {
        if (isToUnset) throw this.#conflict('unset', parts, index, node);
        return undefined;
      }
      const member: Node | undefined = node.members.get(part);
      if (!member) return undefined;
      node = member;
    }
    return node;
  }

  /**
   * Follows a key through tables, opening inline ones, as far as they go.
   *
   * @returns The last table on the way, how many parts lead to it, and what it has under the next part: if that is not the
   *   last part, no table.
   */
  #descend(parts: readonly string[]): { table: Table; depth: number; node: Node | undefined } {
    let table = this.#root;
    let depth = 0;
    for (; depth < parts.length - 1; depth += 1) {
      const name = parts[depth] ?? '';
      const node = table.members.get(name);
      if (node?.kind === 'table') table = node;
      else if (node?.kind === 'leaf' && node.value.type === 'table') table = this.#inline.open(node, table, name);
      else return { table, depth, node };
    }
    return { table, depth, node: table.members.get(parts[depth] ?? '') };
  }

  #add(table: Table, rest: readonly string[], value: Typed): void {
    const [name = '', ...below] = rest;
    this.#note([...pathOf(table), ...rest]);
    const { home } = table;
    if (home?.kind === 'inline' && table.prefix.length === 0) {
      const member = below.reduceRight<Typed>(
        (inner, key) => ({ type: 'table', members: new Map([[key, inner]]) }),
        value,
      );
      this.#addEntry(table, table, [name], member);
    } else if (table.prefix.length > 0) {
      this.#addEntry(table, this.#makeTables(table, rest.slice(0, -1), true), rest, value);
    } else if (below.length > 0) {
      const made = this.#makeTables(table, rest.slice(0, -1), false);
      this.#sections.addSection(made, table);
      this.#addEntry(made, made, rest.slice(-1), value);
    } else {
      if (!home && table.firstSection) this.#sections.addSuperSection(table, table.firstSection);
      this.#addEntry(table, table, rest, value);
    }
  }

  /** Adds a key to where `group` has its keys; it belongs to `owner`, which its dotted parts lead to. */
  #addEntry(group: Table, owner: Table, key: readonly string[], value: Typed): void {
    const { home } = group;
    if (!home) throw new TypeError('A table without a place cannot have keys');
    const keyText = formatKey([...group.prefix, ...key]);
    const entry =
      home.kind === 'inline'
        ? this.#inline.addEntry(home, owner, keyText, formatTyped(value))
        : this.#sections.addEntry(home, group, owner, keyText, formatTyped(value));
    this.#log.put(owner.members, key[key.length - 1] ?? '', { kind: 'leaf', entry, value } satisfies Leaf);
  }

  #makeTables(table: Table, names: readonly string[], isDotted: boolean): Table {
    let last = table;
    for (const name of names) {
      const made = newTable(last, name);
      if (isDotted) {
        made.home = last.home;
        made.prefix = [...last.prefix, name];
      }
      this.#log.put(last.members, name, made);
      last = made;
    }
    return last;
  }

  #replace(table: Table, node: Node, parts: readonly string[], value: Typed, isNumber: boolean): void {
    const isInlineTable = node.kind === 'leaf' ? node.value.type === 'table' : entryOf(node) !== undefined;
    if ((node.kind !== 'leaf' && !isInlineTable) || (isInlineTable && value.type !== 'table')) {
      throw this.#conflict('set', parts, parts.length, node);
    }
    const entry = entryOf(node);
    if (!entry) throw new TypeError('A table without braces cannot be replaced');
    const styled = restyle(value, nodeValue(node), entry, isNumber);
    if (styled === undefined) return;
    const piece = this.#pieces.insertAfter(entry.lastValue, formatTyped(styled));
    this.#pieces.remove(entry.firstValue, entry.lastValue);
    this.#log.assign(entry, 'firstValue', piece);
    this.#log.assign(entry, 'lastValue', piece);
    this.#log.put(table.members, parts[parts.length - 1] ?? '', {
      kind: 'leaf',
      entry,
      value: styled,
    } satisfies Leaf);
    this.#note(parts);
  }

  #remove(node: Node): void {
    const entry = entryOf(node);
    if (entry) this.#removeEntry(entry);
    else if (node.kind === 'array') for (const element of node.elements) this.#remove(element);
    else if (node.kind === 'table') {
      for (const member of node.members.values()) this.#remove(member);
      if (node.home?.kind === 'section' && node.prefix.length === 0) this.#sections.removeSection(node.home);
    }
  }

  #removeEntry(entry: Entry): void {
    if (entry.home.kind === 'inline') this.#inline.removeEntry(entry, entry.home);
    else this.#sections.removeEntry(entry, entry.home);
  }

  /** A table that only its keys or headers made is gone with the last of them. */
  #prune(table: Table): void {
    let empty: Table = table;
    while (empty.members.size === 0 && empty.parent && (!empty.home || empty.prefix.length > 0)) {
      this.#log.put(empty.parent.members, empty.name, undefined);
      empty = empty.parent;
    }
  }

  #note(parts: readonly string[], isUnset = false): void {
    this.#edited.push({ parts, isUnset });
    this.#log.add(() => this.#edited.pop());
  }

  #conflict(verb: 'set' | 'unset', parts: readonly string[], depth: number, node: Node): ZjjError {
    return conflict(this.#document, verb, parts, depth, node);
  }
}
