import { quoteExcerpt } from './escape.js';
import { SyntaxFault } from './syntax.js';
import type { Typed, TypedArray, TypedTable } from './typed.js';

/** How a table was created, which decides what may still be added to it. */
type Origin = 'header' | 'implied' | 'dotted' | 'inline';

/** A table that the parser fills. It refuses keys and headers that TOML does not allow. */
export class TableBuilder implements TypedTable {
  readonly type = 'table';
  readonly members = new Map<string, Typed>();
  #origin: Origin;

  constructor(origin: Origin) {
    this.#origin = origin;
  }

  /**
   * Returns the table that the keys under a header belong to. Each header of an array of tables appends a table.
   *
   * @param starts The offset of each part of the key, for {@link SyntaxFault}.
   * @throws {SyntaxFault} The key is already defined as something else.
   */
  openHeader(key: readonly string[], starts: readonly number[], isArray: boolean): TableBuilder {
    let table: TableBuilder = this;
    const last = key.length - 1;
    for (let index = 0; index < last; index += 1) {
      const name = key[index] ?? '';
      const member = table.members.get(name);
      if (member === undefined) table = table.#add(name, 'implied');
      else if (member instanceof TableBuilder && member.#origin !== 'inline') table = member;
      else if (member instanceof TableArrayBuilder) table = member.last;
      else throw duplicateKey(name, starts[index]);
    }
    const name = key[last] ?? '';
    const member = table.members.get(name);
    if (isArray) {
      if (member === undefined) {
        const array = new TableArrayBuilder();
        table.members.set(name, array);
        return array.last;
      }
      if (member instanceof TableArrayBuilder) return member.add();
    } else {
      if (member === undefined) return table.#add(name, 'header');
      if (member instanceof TableBuilder && member.#origin === 'implied') {
        member.#origin = 'header';
        return member;
      }
    }
    throw duplicateKey(name, starts[last]);
  }

  /**
   * Adds a value under a dotted key.
   *
   * @param starts The offset of each part of the key, for {@link SyntaxFault}.
   * @throws {SyntaxFault} The key is already defined.
   */
  place(key: readonly string[], starts: readonly number[], value: Typed): void {
    let table: TableBuilder = this;
    const last = key.length - 1;
    for (let index = 0; index < last; index += 1) {
      const name = key[index] ?? '';
      const member = table.members.get(name);
      if (member === undefined) table = table.#add(name, 'dotted');
      else if (member instanceof TableBuilder && (member.#origin === 'dotted' || member.#origin === 'implied')) {
        member.#origin = 'dotted';
        table = member;
      } else throw duplicateKey(name, starts[index]);
    }
    const name = key[last] ?? '';
    if (table.members.has(name)) throw duplicateKey(name, starts[last]);
    table.members.set(name, value);
  }

  #add(name: string, origin: Origin): TableBuilder {
    const added = new TableBuilder(origin);
    this.members.set(name, added);
    return added;
  }
}

/** An array of tables that the parser fills. */
class TableArrayBuilder implements TypedArray {
  readonly type = 'array';
  readonly items: TableBuilder[] = [];
  last = this.add();

  add(): TableBuilder {
    this.last = new TableBuilder('header');
    this.items.push(this.last);
    return this.last;
  }
}

function duplicateKey(name: string, offset = 0): SyntaxFault {
  return new SyntaxFault(`The key ${quoteExcerpt(name)} is already defined`, offset);
}
