import { maxDepth, type TypedArray, type TypedScalar, type TypedTable } from './typed.js';

/** Where a node stands in the text: from `start` up to, but not including, `end`. */
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

/** `key = value`, either on its own lines or in an inline table. */
export interface EntryNode {
  readonly key: readonly string[];
  readonly start: number;
  readonly value: ValueNode;
}

/** A header and the entries under it. The first section of a text has no header. */
export interface SectionNode {
  readonly header: HeaderNode | undefined;
  readonly entries: readonly EntryNode[];
}

export interface HeaderNode extends Range {
  readonly key: readonly string[];
  readonly isArray: boolean;
}

/** A parsed text: its sections in the order of the text, and its values as a tree. */
export interface Syntax {
  readonly sections: readonly SectionNode[];
  readonly root: TypedTable;
}

/** The text is not TOML, or exceeds a limit. The caller knows the source of the text, and throws a ZjjError instead. */
export class SyntaxFault extends Error {
  readonly isLimit: boolean;
  readonly offset: number;

  constructor(reason: string, offset: number, isLimit = false) {
    super(reason);
    this.offset = offset;
    this.isLimit = isLimit;
  }
}

/** The fault of a text that is nested too deeply at an offset. */
export function tooDeep(offset: number): SyntaxFault {
  return new SyntaxFault(`Nesting is deeper than ${maxDepth} levels`, offset, true);
}

/** Returns the line and the column of an offset, both counted from 1. */
export function placeOf(text: string, offset: number): { line: number; column: number } {
  let line = 1;
  let start = 0;
  for (let end = text.indexOf('\n'); end >= 0 && end < offset; end = text.indexOf('\n', start)) {
    line += 1;
    start = end + 1;
  }
  return { line, column: offset - start + 1 };
}
