import { parseScalar } from './parse-scalar.js';
import { parseString } from './parse-string.js';
import {
  type ArrayNode,
  type EntryNode,
  type InlineNode,
  type SectionNode,
  type Syntax,
  SyntaxFault,
  TableScope,
  type ValueNode,
} from './syntax.js';
import { maxDepth } from './typed.js';

const spaceAhead = /[ \t]*/y;
const blankAhead = /[ \t\r\n]*/y;
const bareAhead = /[A-Za-z0-9_-]*/y;
const commentAhead = /[\t -~\x80-\uffff]*/y;

/** A TOML 1.1 text without BOM. Throws {@link SyntaxFault}. */
export function parse(text: string): Syntax {
  refuseBareCarriageReturn(text);
  return new Parser(text).document();
}

/**
 * The one value that is the whole text, nothing before or after it. Throws {@link SyntaxFault}.
 *
 * @returns The value, and whether readers that know TOML 1.0 alone could not read it.
 */
export function parseValue(text: string): { node: ValueNode; isToml11: boolean } {
  refuseBareCarriageReturn(text);
  const parser = new Parser(text);
  const node = parser.value(1);
  if (node.end !== text.length) throw new SyntaxFault('It is not one value alone', node.end);
  return { node, isToml11: parser.isToml11 };
}

function refuseBareCarriageReturn(text: string): void {
  let at = text.indexOf('\r');
  while (at >= 0 && text[at + 1] === '\n') at = text.indexOf('\r', at + 2);
  if (at >= 0) throw new SyntaxFault('A carriage return must be followed by a newline', at);
}

interface Key {
  readonly parts: readonly string[];
  readonly starts: readonly number[];
}

class Parser {
  /** What was read so far has something that TOML 1.0 lacks. */
  isToml11 = false;
  readonly #text: string;
  #position = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): Syntax {
    const root = new TableScope('header');
    let table = root;
    let depth = 0;
    let entries: EntryNode[] = [];
    const sections: SectionNode[] = [{ header: undefined, entries }];
    for (this.#skipBlank(); this.#position < this.#text.length; this.#skipBlank()) {
      if (this.#text[this.#position] === '[') {
        const start = this.#position;
        const isArray = this.#text[start + 1] === '[';
        const { parts, starts } = this.#header(isArray ? ']]' : ']');
        table = root.openHeader(parts, starts, isArray);
        depth = parts.length;
        entries = [];
        sections.push({ header: { key: parts, isArray, start, end: this.#position }, entries });
      } else {
        entries.push(this.#entry(table, depth));
      }
      this.#endLine();
    }
    return { sections, root };
  }

  value(depth: number): ValueNode {
    const start = this.#position;
    if (depth > maxDepth) throw tooDeep(start);
    const character = this.#text[start];
    if (character === '"' || character === "'") {
      const { value, end, isToml11 } = parseString(this.#text, start, false);
      this.isToml11 ||= isToml11;
      this.#position = end;
      return { type: 'string', value, start, end };
    }
    if (character === '[') return this.#array(depth);
    if (character === '{') return this.#inline(depth);
    const node = parseScalar(this.#text, start);
    this.#position = node.end;
    // The shortest time with seconds is longer than any without.
    if (node.type === 'datetime') this.isToml11 ||= !/\d:\d\d:|^[^:]*$/.test(this.#text.slice(start, node.end));
    return node;
  }

  #header(closing: string): Key {
    this.#position += closing.length;
    this.#skip(spaceAhead);
    const key = this.#key(0);
    this.#expect(closing);
    return key;
  }

  #entry(table: TableScope, depth: number): EntryNode {
    const start = this.#position;
    const { parts, starts } = this.#key(depth);
    this.#expect('=');
    this.#skip(spaceAhead);
    const value = this.value(depth + parts.length);
    table.place(parts, starts, value);
    return { key: parts, start, value };
  }

  #key(depth: number): Key {
    const parts: string[] = [];
    const starts: number[] = [];
    for (;;) {
      if (depth + parts.length >= maxDepth) throw tooDeep(this.#position);
      starts.push(this.#position);
      parts.push(this.#part());
      this.#skip(spaceAhead);
      if (this.#text[this.#position] !== '.') return { parts, starts };
      this.#position += 1;
      this.#skip(spaceAhead);
    }
  }

  #part(): string {
    const start = this.#position;
    const character = this.#text[start];
    if (character === '"' || character === "'") {
      const { value, end, isToml11 } = parseString(this.#text, start, true);
      this.isToml11 ||= isToml11;
      this.#position = end;
      return value;
    }
    this.#skip(bareAhead);
    if (this.#position === start) throw this.#unexpected('a key');
    return this.#text.slice(start, this.#position);
  }

  #array(depth: number): ArrayNode {
    const start = this.#position;
    const items: ValueNode[] = [];
    this.#position += 1;
    this.#skipBlank();
    while (this.#text[this.#position] !== ']') {
      items.push(this.value(depth + 1));
      this.#skipBlank();
      if (this.#text[this.#position] !== ',') break;
      this.#position += 1;
      this.#skipBlank();
    }
    this.#expect(']');
    return { type: 'array', items, start, end: this.#position };
  }

  #inline(depth: number): InlineNode {
    const start = this.#position;
    const table = new TableScope('inline');
    const entries: EntryNode[] = [];
    this.#position += 1;
    this.#skipWithinInline();
    while (this.#text[this.#position] !== '}') {
      entries.push(this.#entry(table, depth));
      this.#skipWithinInline();
      if (this.#text[this.#position] !== ',') break;
      this.#position += 1;
      this.#skipWithinInline();
      this.isToml11 ||= this.#text[this.#position] === '}';
    }
    this.#expect('}');
    return { type: 'table', entries, members: table.members, start, end: this.#position };
  }

  #skipWithinInline(): void {
    this.#skip(spaceAhead);
    const start = this.#position;
    this.#skipBlank();
    this.isToml11 ||= this.#position > start;
  }

  /** White space, newlines and comments. */
  #skipBlank(): void {
    this.#skip(blankAhead);
    while (this.#text[this.#position] === '#') {
      this.#comment();
      this.#skip(blankAhead);
    }
  }

  #comment(): void {
    this.#skip(commentAhead);
    const next = this.#text[this.#position];
    if (next !== undefined && next !== '\n' && next !== '\r') {
      throw new SyntaxFault('A control character in a comment', this.#position);
    }
  }

  #endLine(): void {
    this.#skip(spaceAhead);
    const next = this.#text[this.#position];
    if (next === '#') this.#comment();
    else if (next !== undefined && next !== '\n' && next !== '\r') throw this.#unexpected('the end of the line');
  }

  #expect(what: string): void {
    if (!this.#text.startsWith(what, this.#position)) throw this.#unexpected(JSON.stringify(what));
    this.#position += what.length;
  }

  #skip(ahead: RegExp): void {
    ahead.lastIndex = this.#position;
    ahead.test(this.#text);
    this.#position = ahead.lastIndex;
  }

  #unexpected(expected: string): SyntaxFault {
    const codePoint = this.#text.codePointAt(this.#position);
    const found = codePoint === undefined ? 'the end' : JSON.stringify(String.fromCodePoint(codePoint));
    return new SyntaxFault(`Expected ${expected}, found ${found}`, this.#position);
  }
}

function tooDeep(offset: number): SyntaxFault {
  return new SyntaxFault(`Nesting deeper than ${maxDepth} levels`, offset, true);
}
