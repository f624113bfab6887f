import type { SectionNode } from '../syntax/syntax.js';
import type { TypedTable } from '../syntax/typed.js';

/** The parts of a parsed document that editing needs. */
export interface ParsedText {
  readonly text: string;
  /** The file that the text comes from, for messages. */
  readonly path: string | undefined;
  /** The text without its BOM. The offsets in `sections` and `root` refer to it. */
  readonly body: string;
  readonly sections: readonly SectionNode[];
  readonly root: TypedTable;
}
