import { type AST, parseTOML } from 'toml-eslint-parser';
import { TomlDateTime } from './date-time.js';
import {
  integerValue,
  isInt64,
  maxDepth,
  type Typed,
  type TypedArray,
  type TypedScalar,
  type TypedTable,
} from './typed.js';

/** Where in the text a node stands: from `start` up to, not including, `end`. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

export type ValueNode = (TypedScalar & Range) | ArrayNode | InlineNode;

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

/** The text is not TOML, or more than the parser can hold; the caller knows what the text is and says so. */
export class SyntaxFault extends Error {
  readonly isLimit: boolean;
  readonly offset: number;

  constructor(reason: string, offset: number, isLimit = false) {
    super(reason);
    this.offset = offset;
    this.isLimit = isLimit;
  }
}

/** The sections of a TOML 1.1 text without BOM, in its order. Throws {@link SyntaxFault}. */
export function parseSections(text: string): SectionNode[] {
  const carriageReturn = findBareCarriageReturn(text);
  if (carriageReturn >= 0) throw new SyntaxFault('A carriage return must be followed by a newline', carriageReturn);
  const { body } = parse(text).body[0];
  const entries: EntryNode[] = [];
  const sections: SectionNode[] = [{ header: undefined, entries }];
  for (const node of body) {
    if (node.type === 'TOMLTable') sections.push(toSection(node));
    else entries.push(toEntry(node, 0));
  }
  return sections;
}

/** Whether readers that know TOML 1.0 alone can read this value, which is valid in 1.1. */
export function isToml10(valueText: string): boolean {
  try {
    parseTOML(`v=${valueText}\n`, { tomlVersion: '1.0' });
    return true;
  } catch {
    return false;
  }
}

/** The one value that is the whole text, nothing before or after it. Throws {@link SyntaxFault}. */
export function parseValue(text: string): ValueNode {
  const prefix = 'v=';
  const [root, ...sections] = parseSections(prefix + text);
  const [entry, ...more] = root?.entries ?? [];
  const value = entry?.value;
  if (
    !value ||
    sections.length + more.length > 0 ||
    value.start !== prefix.length ||
    value.end !== prefix.length + text.length
  ) {
    throw new SyntaxFault('It is not one value alone', 0);
  }
  return value;
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

function parse(text: string): AST.TOMLProgram {
  try {
    // The parser ends a 0 at the end of the text before it begins, so nothing may be at the end.
    return parseTOML(text.endsWith('\n') ? text : `${text}\n`, { tomlVersion: '1.1' });
  } catch (error) {
    if (error instanceof RangeError) {
      throw new SyntaxFault('A string is too long, or arrays and tables are nested too deeply', 0, true);
    }
    if (error instanceof SyntaxError && 'index' in error) {
      throw new SyntaxFault(error.message, Math.min(Number(error.index), text.length));
    }
    throw error;
  }
}

/** The parser takes a carriage return for a newline, TOML does not. */
function findBareCarriageReturn(text: string): number {
  let at = text.indexOf('\r');
  while (at >= 0 && text[at + 1] === '\n') at = text.indexOf('\r', at + 2);
  return at;
}

function toSection(node: AST.TOMLTable): SectionNode {
  const key = toKey(node.key);
  if (key.length > maxDepth) throw new SyntaxFault(`Nesting deeper than ${maxDepth} levels`, node.range[0], true);
  // Not node.range: that spans the entries too.
  const end = node.key.range[1];
  const header: HeaderNode = { key, isArray: node.kind === 'array', start: node.range[0], end };
  return { header, entries: node.body.map((entry) => toEntry(entry, key.length)) };
}

function toEntry(node: AST.TOMLKeyValue, depth: number): EntryNode {
  const key = toKey(node.key);
  return { key, start: node.range[0], value: toValueNode(node.value, depth + key.length) };
}

function toKey(node: AST.TOMLKey): string[] {
  return node.keys.map((part) => (part.type === 'TOMLBare' ? part.name : part.value));
}

function toValueNode(node: AST.TOMLContentNode, depth: number): ValueNode {
  const [start, end] = node.range;
  if (depth > maxDepth) throw new SyntaxFault(`Nesting deeper than ${maxDepth} levels`, start, true);
  if (node.type === 'TOMLArray') {
    return { type: 'array', items: node.elements.map((item) => toValueNode(item, depth + 1)), start, end };
  }
  if (node.type === 'TOMLInlineTable') {
    const entries = node.body.map((entry) => toEntry(entry, depth));
    return { type: 'table', entries, members: toMembers(entries), start, end };
  }
  switch (node.kind) {
    case 'string':
      return { type: 'string', value: node.value, start, end };
    case 'boolean':
      return { type: 'boolean', value: node.value, start, end };
    case 'float':
      return { type: 'float', value: node.value, start, end };
    case 'integer':
      if (!isInt64(node.bigint)) throw new SyntaxFault('An integer must fit into 64 bits', start);
      return { type: 'integer', value: integerValue(node.bigint), start, end };
    default:
      return { type: 'datetime', value: TomlDateTime.parse(node.datetime), start, end };
  }
}

function toMembers(entries: readonly EntryNode[]): ReadonlyMap<string, Typed> {
  const members = new Map<string, Typed>();
  for (const { key, value } of entries) placeMember(members, key, value);
  return members;
}

/** Puts a value under a dotted key. That no key is there twice is for the parser to have seen. */
export function placeMember(members: Map<string, Typed>, key: readonly string[], value: Typed): void {
  let table = members;
  for (const name of key.slice(0, -1)) table = openTable(table, name);
  table.set(key[key.length - 1] ?? '', value);
}

/** The table of a name, made if need be; of an array of tables, the last element. */
export function openTable(members: Map<string, Typed>, name: string): Map<string, Typed> {
  const member = members.get(name);
  const table = member?.type === 'array' ? member.items[member.items.length - 1] : member;
  if (table?.type === 'table' && table.members instanceof Map) return table.members;
  const made = new Map<string, Typed>();
  members.set(name, { type: 'table', members: made });
  return made;
}
