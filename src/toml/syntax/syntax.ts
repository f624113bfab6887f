import type { Typed, TypedArray, TypedScalar, TypedTable } from './typed.js';

/** Where in the text a node stands: from `start` up to, not including, `end`. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

export type ValueNode = ScalarNode | ArrayNode | InlineNode;

export type ScalarNode = TypedScalar & Range;

export interface ArrayNode extends TypedArray, Range {
  readonly items: readonly ValueNode[];
}

export interface InlineNode extends TypedTable, Range {
  readonly entries: readonly EntryNode[];
}

/** `key = value`, on lines of its own or in an inline table. */
export interface EntryNode {
  readonly key: readonly string[];
  readonly start: number;
  readonly value: ValueNode;
}

/** A header with the entries under it; the first section of a text has none. */
export interface SectionNode {
  readonly header: HeaderNode | undefined;
  readonly entries: readonly EntryNode[];
}

export interface HeaderNode extends Range {
  readonly key: readonly string[];
  readonly isArray: boolean;
}

/** What a text says, by its lines and as a tree. */
export interface Syntax {
  readonly sections: readonly SectionNode[];
  readonly root: TypedTable;
}

/** The text is not TOML, or beyond a limit; the caller knows what the text is and says so. */
export class SyntaxFault extends Error {
  readonly isLimit: boolean;
  readonly offset: number;

  constructor(reason: string, offset: number, isLimit = false) {
    super(reason);
    this.offset = offset;
    this.isLimit = isLimit;
  }
}

/** Line and column of an offset, both from 1. */
export function placeOf(text: string, offset: number): { line: number; column: number } {
  let line = 1;
  let start = 0;
  for (let end = text.indexOf('\n'); end >= 0 && end < offset; end = text.indexOf('\n', start)) {
    line += 1;
    start = end + 1;
  }
  return { line, column: offset - start + 1 };
}

/** How a table came to be, which decides what may still be added to it. */
type Origin = 'header' | 'implied' | 'dotted' | 'inline';

/** A table as it grows. */
export class TableScope implements TypedTable {
  readonly type = 'table';
  readonly members = new Map<string, Typed>();
  origin: Origin;

  constructor(origin: Origin) {
    this.origin = origin;
  }

  /** The table of a header, and of another one for each element of an array of tables. Throws {@link SyntaxFault}. */
  openHeader(key: readonly string[], starts: readonly number[], isArray: boolean): TableScope {
    let table: TableScope = this;
    const last = key.length - 1;
    for (let index = 0; index < last; index += 1) {
      const name = key[index] ?? '';
      const member = table.members.get(name);
      if (member === undefined) table = table.#add(name, 'implied');
      else if (member instanceof TableScope && member.origin !== 'inline') table = member;
      else if (member instanceof TablesScope) table = member.last;
      else throw duplicate(name, starts[index]);
    }
    const name = key[last] ?? '';
    const member = table.members.get(name);
    if (isArray) {
      if (member === undefined) {
        const array = new TablesScope();
        table.members.set(name, array);
        return array.last;
      }
      if (member instanceof TablesScope) return member.add();
    } else {
      if (member === undefined) return table.#add(name, 'header');
      if (member instanceof TableScope && member.origin === 'implied') {
        member.origin = 'header';
        return member;
      }
    }
    throw duplicate(name, starts[last]);
  }

  /** Puts a value under a dotted key. Throws {@link SyntaxFault}. */
  place(key: readonly string[], starts: readonly number[], value: Typed): void {
    let table: TableScope = this;
    const last = key.length - 1;
    for (let index = 0; index < last; index += 1) {
      const name = key[index] ?? '';
      const member = table.members.get(name);
      if (member === undefined) table = table.#add(name, 'dotted');
      else if (member instanceof TableScope && (member.origin === 'dotted' || member.origin === 'implied')) {
        member.origin = 'dotted';
        table = member;
      } else throw duplicate(name, starts[index]);
    }
    const name = key[last] ?? '';
    if (table.members.has(name)) throw duplicate(name, starts[last]);
    table.members.set(name, value);
  }

  #add(name: string, origin: Origin): TableScope {
    const made = new TableScope(origin);
    this.members.set(name, made);
    return made;
  }
}

/** An array of tables as it grows. */
class TablesScope implements TypedArray {
  readonly type = 'array';
  readonly items: TableScope[] = [];
  last = this.add();

  add(): TableScope {
    this.last = new TableScope('header');
    this.items.push(this.last);
    return this.last;
  }
}

function duplicate(name: string, offset = 0): SyntaxFault {
  const shown = name.length > 60 ? `${name.slice(0, 59)}…` : name;
  return new SyntaxFault(`The key ${JSON.stringify(shown)} is there already`, offset);
}
