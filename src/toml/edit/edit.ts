/** Finds the smallest change of a text that gives a key a new value, and checks it with the gate. */

import { ZjjError } from '../../errors.js';
import { formatKey } from '../syntax/key-path.js';
import type { TomlValue } from '../syntax/toml-value.js';
import { findMember, maxDepth, type Typed, type TypedTable, toValue } from '../syntax/typed.js';
import { formatTyped } from '../value/format-value.js';
import type { TomlInput } from '../value/input.js';
import { toTyped } from '../value/read-input.js';
import { buildModel } from './build-model.js';
import { conflict } from './conflict.js';
import { replaceValue } from './entries.js';
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
import type { ParsedText } from './parsed-text.js';
import { newPiece, PieceList } from './pieces.js';
import { restyle } from './restyle.js';
import { SectionEditor } from './section-edit.js';
import { type Savepoint, UndoLog } from './undo-log.js';

/**
 * Changes to a document. `get` sees each change at once. `finish` returns the new document. The cost of a change
 * depends on the depth of its key, not on the length of the text.
 *
 * @example
 * const edit = TomlDocument.parse('port = 1 # http\n').edit();
 * edit.set(['port'], 2);
 * edit.finish().text // 'port = 2 # http\n'
 */
export class DocumentEdit<Document extends ParsedText> {
  readonly #document: Document;
  readonly #parse: (text: string, path?: string) => Document;
  readonly #log = new UndoLog();
  readonly #pieces = new PieceList(this.#log);
  readonly #root: Table;
  readonly #sections: SectionEditor;
  readonly #inline = new InlineEditor(this.#pieces, this.#log);
  readonly #edited: EditedKey[] = [];
  /** In the pieces every line ends with a newline. If this is false, `finish` removes the last newline. */
  readonly #endsWithNewline: boolean;

  /**
   * @internal Use `TomlDocument.edit`.
   * @param parse Reads the new text.
   */
  constructor(document: Document, parse: (text: string, path?: string) => Document) {
    const { body } = document;
    const newline = /\r?\n/.exec(body)?.[0] ?? '\n';
    this.#document = document;
    this.#parse = parse;
    this.#endsWithNewline = body === '' || body.endsWith('\n');
    this.#sections = new SectionEditor(this.#pieces, this.#log, newline);
    this.#root = buildModel(this.#endsWithNewline ? body : body + newline, document.sections, this.#pieces);
  }

  /** All values after the changes so far. */
  get root(): TypedTable {
    return tableValue(this.#root);
  }

  /** Returns the value at a key after the changes so far, frozen; undefined if the key is missing. */
  get(parts: readonly string[]): TomlValue | undefined {
    const found = this.#find(parts);
    return found && toValue('kind' in found ? nodeValue(found) : found);
  }

  has(parts: readonly string[]): boolean {
    return this.#find(parts) !== undefined;
  }

  /**
   * Sets a key. An existing key keeps its place, its comment and, if possible, its style.
   *
   * @throws {ZjjError} INVALID_VALUE, CONFIG_LIMIT: see {@link formatValue}. KEY_CONFLICT: a part of the key leads to
   *   something other than a table, or into an array of tables; or the key is a table. Only an inline table can be
   *   replaced, and only by another object. The message names the obstacle with its line and column.
   */
  set(parts: readonly string[], value: TomlInput): void {
    if (parts.length > maxDepth) throw new ZjjError('CONFIG_LIMIT', `A key cannot have more than ${maxDepth} parts`);
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
   * Removes a key with its line, or a table or an array of tables with everything in it. Comments on their own lines
   * stay.
   *
   * @returns False if the key is missing.
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
    this.#recordKey(parts, true);
    return true;
  }

  /** Returns the current state of the edit, for {@link rollback}. */
  savepoint(): Savepoint {
    return { steps: this.#log.length };
  }

  /** Undoes every change since the savepoint, and no other. */
  rollback(savepoint: Savepoint): void {
    this.#log.rewind(savepoint.steps);
  }

  /**
   * Builds the new text, parses it, and checks that it differs from the old one only by the changes.
   *
   * @returns The new document; the old document if nothing changed.
   * @throws {GateError} The check failed. The new text must not be written.
   */
  finish(): Document {
    const text = this.#log.length > 0 ? this.#render() : this.#document.text;
    if (text === this.#document.text) return this.#document;
    const result = this.#reparse(text);
    checkEdit(this.#document, result, tableValue(this.#root), this.#edited);
    return result;
  }

  #reparse(text: string): Document {
    try {
      return this.#parse(text, this.#document.path);
    } catch (error) {
      throw new GateError('The edited text cannot be parsed', { cause: error });
    }
  }

  #render(): string {
    const { text, body } = this.#document;
    const edited = this.#pieces.join();
    const trimmed = this.#endsWithNewline ? edited : edited.replace(/\r?\n$/, '');
    return text.slice(0, text.length - body.length) + trimmed;
  }

  /**
   * Returns the node at a key, or a value within a leaf; undefined if the key is missing.
   *
   * @param isToUnset True to throw for a key in an array of tables. Otherwise such a key counts as missing.
   */
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
   * Follows a key through tables as far as possible, and opens inline tables on the way.
   *
   * @returns The last table on the way, how many parts lead to it, and its node for the next part. Unless the next part
   *   is the last one, that node is not a table.
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
    this.#recordKey([...pathOf(table), ...rest]);
    const { home } = table;
    if (home?.kind === 'inline' && table.prefix.length === 0) {
      const member = below.reduceRight<Typed>(
        (inner, key) => ({ type: 'table', members: new Map([[key, inner]]) }),
        value,
      );
      this.#addEntry(table, table, [name], member);
    } else if (table.prefix.length > 0) {
      this.#addEntry(table, this.#createTables(table, rest.slice(0, -1), true), rest, value);
    } else if (below.length > 0) {
      const created = this.#createTables(table, rest.slice(0, -1), false);
      this.#sections.addSection(created, table);
      this.#addEntry(created, created, rest.slice(-1), value);
    } else {
      if (!home && table.firstSection) this.#sections.addSuperSection(table, table.firstSection);
      this.#addEntry(table, table, rest, value);
    }
  }

  /**
   * Adds an entry to the home of a table.
   *
   * @param group The table that the key starts from.
   * @param owner The table that has the new value as a member.
   */
  #addEntry(group: Table, owner: Table, key: readonly string[], value: Typed): void {
    const { home } = group;
    if (!home) throw new TypeError('A table without a home cannot have entries');
    const keyText = formatKey([...group.prefix, ...key]);
    const entry =
      home.kind === 'inline'
        ? this.#inline.addEntry(home, owner, keyText, formatTyped(value))
        : this.#sections.addEntry(home, group, owner, keyText, formatTyped(value));
    this.#log.put(owner.members, key[key.length - 1] ?? '', { kind: 'leaf', entry, value } satisfies Leaf);
  }

  /** Creates nested tables below a table, and returns the last one. */
  #createTables(table: Table, names: readonly string[], isDotted: boolean): Table {
    let last = table;
    for (const name of names) {
      const created = newTable(last, name);
      if (isDotted) {
        created.home = last.home;
        created.prefix = [...last.prefix, name];
      }
      this.#log.put(last.members, name, created);
      last = created;
    }
    return last;
  }

  #replace(table: Table, node: Node, parts: readonly string[], value: Typed, isNumber: boolean): void {
    const isInlineTable = node.kind === 'leaf' ? node.value.type === 'table' : entryOf(node) !== undefined;
    if ((node.kind !== 'leaf' && !isInlineTable) || (isInlineTable && value.type !== 'table')) {
      throw this.#conflict('set', parts, parts.length, node);
    }
    const entry = entryOf(node);
    if (!entry) throw new TypeError('Only an inline table can be replaced');
    const styled = restyle(value, nodeValue(node), entry, isNumber);
    if (styled === undefined) return;
    const piece = newPiece(formatTyped(styled));
    replaceValue(entry, piece, piece, this.#pieces, this.#log);
    this.#log.put(table.members, parts[parts.length - 1] ?? '', {
      kind: 'leaf',
      entry,
      value: styled,
    } satisfies Leaf);
    this.#recordKey(parts);
  }

  /** Removes the text of a node. */
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
    if (entry.home.kind === 'inline') this.#inline.removeEntry(entry);
    else this.#sections.removeEntry(entry, entry.home);
  }

  /** Removes a table that has no members left, and then the tables above it. A table with a header or braces stays. */
  #prune(table: Table): void {
    let empty: Table = table;
    while (empty.members.size === 0 && empty.parent && (!empty.home || empty.prefix.length > 0)) {
      this.#log.put(empty.parent.members, empty.name, undefined);
      empty = empty.parent;
    }
  }

  #recordKey(parts: readonly string[], isUnset = false): void {
    this.#edited.push({ parts, isUnset });
    this.#log.add(() => this.#edited.pop());
  }

  #conflict(verb: 'set' | 'unset', parts: readonly string[], depth: number, node: Node): ZjjError {
    return conflict(this.#document, verb, parts, depth, node);
  }
}
