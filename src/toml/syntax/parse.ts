/** Reads TOML 1.1: text in, positions and typed values out. */

import { type KeyToken, readKey } from './key-reader.js';
import { parseScalar } from './parse-scalar.js';
import { parseString } from './parse-string.js';
import { skip } from './skip.js';
import {
  type ArrayNode,
  type EntryNode,
  type InlineNode,
  type SectionNode,
  type Syntax,
  SyntaxFault,
  tooDeep,
  type ValueNode,
} from './syntax.js';
import { TableBuilder } from './table-builder.js';
import { maxDepth } from './typed.js';

const spaces = /[ \t]*/y;
const whiteSpace = /[ \t\r\n]*/y;
const commentCharacters = /[\t -~\x80-\uffff]*/y;

/** Parses a TOML 1.1 text without a BOM. Throws {@link SyntaxFault}. */
export function parse(text: string): Syntax {
  refuseBareCarriageReturn(text);
  return new Parser(text).document();
}

/**
 * Parses a text that is one value, with nothing before or after it. Throws {@link SyntaxFault}.
 *
 * @returns The value, and whether the text has something that TOML 1.0 lacks.
 */
export function parseValue(text: string): { node: ValueNode; isToml11: boolean } {
  refuseBareCarriageReturn(text);
  const parser = new Parser(text);
  const node = parser.value(1);
  if (node.end !== text.length) throw new SyntaxFault('Unexpected text after the value', node.end);
  return { node, isToml11: parser.isToml11 };
}

function refuseBareCarriageReturn(text: string): void {
  let at = text.indexOf('\r');
  while (at >= 0 && text[at + 1] === '\n') at = text.indexOf('\r', at + 2);
  if (at >= 0) throw new SyntaxFault('A carriage return must be followed by a newline', at);
}

class Parser {
  /** True once the parser has read something that TOML 1.0 lacks. */
  isToml11 = false;
  readonly #text: string;
  #position = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): Syntax {
    const root = new TableBuilder('header');
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
    // TOML 1.0 requires seconds. A date alone has no colon.
    if (node.type === 'datetime') this.isToml11 ||= !/\d:\d\d:|^[^:]*$/.test(this.#text.slice(start, node.end));
    return node;
  }

  #header(closing: string): KeyToken {
    this.#position += closing.length;
    const key = this.#key(0);
    this.#expect(closing);
    return key;
  }

  #entry(table: TableBuilder, depth: number): EntryNode {
    const start = this.#position;
    const { parts, starts } = this.#key(depth);
    this.#expect('=');
    this.#skip(spaces);
    const value = this.value(depth + parts.length);
    table.place(parts, starts, value);
    return { key: parts, start, value };
  }

  #key(depth: number): KeyToken {
    const key = readKey(this.#text, this.#position, maxDepth - depth);
    this.#position = key.end;
    if (!key.isComplete) throw this.#unexpected('a key');
    this.isToml11 ||= key.isToml11;
    return key;
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
    const table = new TableBuilder('inline');
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

  /** Skips white space, newlines and comments in an inline table. TOML 1.0 allows only spaces and tabs there. */
  #skipWithinInline(): void {
    this.#skip(spaces);
    const start = this.#position;
    this.#skipBlank();
    this.isToml11 ||= this.#position > start;
  }

  /** Skips white space, newlines and comments. */
  #skipBlank(): void {
    this.#skip(whiteSpace);
    while (this.#text[this.#position] === '#') {
      this.#comment();
      this.#skip(whiteSpace);
    }
  }

  #comment(): void {
    this.#skip(commentCharacters);
    const next = this.#text[this.#position];
    if (next !== undefined && next !== '\n' && next !== '\r') {
      throw new SyntaxFault('Control character in a comment', this.#position);
    }
  }

  #endLine(): void {
    this.#skip(spaces);
    const next = this.#text[this.#position];
    if (next === '#') this.#comment();
    else if (next !== undefined && next !== '\n' && next !== '\r') throw this.#unexpected('the end of the line');
  }

  #expect(token: string): void {
    if (!this.#text.startsWith(token, this.#position)) throw this.#unexpected(JSON.stringify(token));
    this.#position += token.length;
  }

  #skip(pattern: RegExp): void {
    this.#position = skip(this.#text, this.#position, pattern);
  }

  #unexpected(expected: string): SyntaxFault {
    const codePoint = this.#text.codePointAt(this.#position);
    const found = codePoint === undefined ? 'the end of the text' : JSON.stringify(String.fromCodePoint(codePoint));
    return new SyntaxFault(`Expected ${expected}, found ${found}`, this.#position);
  }
}
