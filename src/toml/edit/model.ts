import type { Typed, TypedTable } from '../syntax/typed.js';
import type { Piece } from './pieces.js';

/** The target of a key. */
export type Node = Leaf | Table | TableArray;

/** The value of one entry. Inline tables and arrays are leaves too; an edit opens an inline table that it changes. */
export interface Leaf {
  readonly kind: 'leaf';
  readonly entry: Entry;
  readonly value: Typed;
}

/** An array of tables, `[[name]]`. It can be read, and removed as a whole. Its elements cannot be edited. */
export interface TableArray {
  readonly kind: 'array';
  readonly elements: Table[];
}

export interface Table {
  readonly kind: 'table';
  readonly parent: Table | undefined;
  readonly name: string;
  readonly members: Map<string, Node>;
  /**
   * The section or the inline table that holds the keys of this table. A dotted table has the home of the table that
   * its keys start from. Undefined if only headers below it imply the table.
   */
  home: Section | InlineTable | undefined;
  /** The parts that its keys start with in the home; empty unless the table is dotted. */
  prefix: readonly string[];
  /** The last entry of a dotted table. New entries follow it. */
  lastEntry: Entry | undefined;
  /** The first and the last section, in the order of the text, of this table and all tables below it. */
  firstSection: Section | undefined;
  lastSection: Section | undefined;
}

/** A list of entries in the order of the text. */
export interface Entries {
  firstEntry: Entry | undefined;
  lastEntry: Entry | undefined;
}

/** A header and the entries under it. The header of the root is an empty piece in front of its entries. */
export interface Section extends Entries {
  readonly kind: 'section';
  readonly table: Table;
  readonly header: Piece;
  /** The comment lines right above the header, or the header itself. A new section before this one goes before it. */
  readonly lead: Piece;
  /** The offset of the header in the parsed text; -1 if an edit added it. */
  readonly start: number;
  /** The blank lines that an edit added with the section. They are removed with it. */
  padding: readonly Piece[];
  previous: Section | undefined;
  next: Section | undefined;
}

/** An inline table that an edit has opened. */
export interface InlineTable extends Entries {
  readonly kind: 'inline';
  /** The entry whose value is this table. */
  readonly entry: Entry;
  /** The white space before the closing brace. New entries go before it. */
  readonly closing: Piece;
  /** The indentation of a new entry, if entries have their own lines. */
  readonly indent: string;
}

/** One `key = value`. */
export interface Entry {
  readonly home: Section | InlineTable;
  /** The table that has the value as a member. For a dotted key this is not the table of the home. */
  readonly owner: Table;
  /** The text before the value, from the start of the line, or from the brace or comma before the key. */
  readonly key: Piece;
  firstValue: Piece;
  lastValue: Piece;
  /** In a section, the rest of the line with its newline. In an inline table, the comma if there is one. */
  end: Piece | undefined;
  /** The offset of the key in the parsed text; -1 if an edit added it. */
  readonly start: number;
  previous: Entry | undefined;
  next: Entry | undefined;
}

export function newTable(parent: Table | undefined, name: string): Table {
  return {
    kind: 'table',
    parent,
    name,
    members: new Map(),
    home: undefined,
    prefix: [],
    lastEntry: undefined,
    firstSection: undefined,
    lastSection: undefined,
  };
}

export function newSection(table: Table, header: Piece, lead: Piece, start: number): Section {
  return {
    kind: 'section',
    table,
    header,
    lead,
    start,
    padding: [],
    firstEntry: undefined,
    lastEntry: undefined,
    previous: undefined,
    next: undefined,
  };
}

/** True if the table is `ancestor` or below it. */
export function isWithin(table: Table | undefined, ancestor: Table): boolean {
  for (let above = table; above !== undefined; above = above.parent) if (above === ancestor) return true;
  return false;
}

/** Returns the parts of the key that leads to a table. */
export function pathOf(table: Table): string[] {
  const path: string[] = [];
  for (let above = table; above.parent !== undefined; above = above.parent) path.unshift(above.name);
  return path;
}

export function nodeValue(node: Node): Typed {
  if (node.kind === 'leaf') return node.value;
  return node.kind === 'table' ? tableValue(node) : { type: 'array', items: node.elements.map(tableValue) };
}

export function tableValue(table: Table): TypedTable {
  const members = new Map<string, Typed>();
  for (const [name, node] of table.members) members.set(name, nodeValue(node));
  return { type: 'table', members };
}

/** Returns the entry whose whole value is the node; undefined unless the node is a leaf or an opened inline table. */
export function entryOf(node: Node): Entry | undefined {
  if (node.kind === 'leaf') return node.entry;
  return node.kind === 'table' && node.home?.kind === 'inline' && node.prefix.length === 0
    ? node.home.entry
    : undefined;
}
