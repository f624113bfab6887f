import type { Typed, TypedTable } from '../syntax/typed.js';
import type { Piece } from './pieces.js';

/** What a key of the document leads to. */
export type Node = Leaf | Table | TableArray;

/** A value with a key of its own; inline tables and arrays too, until an edit goes into them. */
export interface Leaf {
  readonly kind: 'leaf';
  readonly entry: Entry;
  readonly value: Typed;
}

/** `[[name]]`: its elements can be read and removed as a whole, not edited. */
export interface TableArray {
  readonly kind: 'array';
  readonly elements: Table[];
}

export interface Table {
  readonly kind: 'table';
  readonly parent: Table | undefined;
  readonly name: string;
  readonly members: Map<string, Node>;
  /** Where its keys stand: its own section or braces, or those that its dotted keys are in. None: only implied. */
  home: Section | InlineTable | undefined;
  /** What its keys have before them there, if they are dotted. */
  prefix: readonly string[];
  /** Of a dotted table: its last key, which a new one follows. */
  lastEntry: Entry | undefined;
  /** The first and last section, in the order of the text, of this table and all below it. */
  firstSection: Section | undefined;
  lastSection: Section | undefined;
}

/** Something that has keys in the order of the text. */
export interface Entries {
  firstEntry: Entry | undefined;
  lastEntry: Entry | undefined;
}

/** A header and the keys beneath it. The root's header is an empty piece where its keys begin. */
export interface Section extends Entries {
  readonly kind: 'section';
  readonly table: Table;
  readonly header: Piece;
  /** The comment lines right above the header, else the header: what comes before the section goes before it. */
  readonly lead: Piece;
  /** Where the header stands in the text that was parsed; -1 if it is new. */
  readonly start: number;
  /** Blank lines that came with it, and go with it. */
  padding: readonly Piece[];
  previous: Section | undefined;
  next: Section | undefined;
}

/** An inline table that an edit went into. */
export interface InlineTable extends Entries {
  readonly kind: 'inline';
  /** The key that has it as its value. */
  readonly entry: Entry;
  /** The white space before the closing brace; new keys go before it. */
  readonly closing: Piece;
  /** What begins the line of a new key, where keys have lines of their own. */
  readonly indent: string;
}

/** One `key = value`. */
export interface Entry {
  readonly home: Section | InlineTable;
  /** The table that holds the value: not that of the section, if the key is dotted. */
  readonly owner: Table;
  /** From the start of the line, or the brace or comma before, to the value. */
  readonly key: Piece;
  firstValue: Piece;
  lastValue: Piece;
  /** In a section: the rest of the line, newline included. In an inline table: the comma, if there is one. */
  end: Piece | undefined;
  /** Where the key stands in the text that was parsed; -1 if it is new. */
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

/** True if the table is `ancestor` or below it. */
export function isWithin(table: Table | undefined, ancestor: Table): boolean {
  for (let above = table; above !== undefined; above = above.parent) if (above === ancestor) return true;
  return false;
}

/** The parts of the key that leads to a table. */
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

/** The key that has the node whole as its value: of a leaf, and of an inline table that an edit went into. */
export function entryOf(node: Node): Entry | undefined {
  if (node.kind === 'leaf') return node.entry;
  return node.kind === 'table' && node.home?.kind === 'inline' && node.prefix.length === 0
    ? node.home.entry
    : undefined;
}
