import { ConfigParseError, ZjjError } from '../errors.js';
import { TomlEdit } from './edit/edit.js';
import { parse } from './syntax/parse.js';
import { placeOf, type SectionNode, type Syntax, SyntaxFault } from './syntax/syntax.js';
import { findMember, type TypedTable, toTable, toValue } from './syntax/typed.js';
import type { TomlTable, TomlValue } from './value/values.js';

const byteOrderMark = '\uFEFF';

/** A TOML text and what it says. Immutable. */
export class TomlDocument {
  readonly text: string;
  /** The file that the text is of, for messages. */
  readonly path: string | undefined;
  /** @internal Offsets in it are into the text without its BOM. */
  readonly sections: readonly SectionNode[];
  /** Everything in it, with the types that JavaScript values do not tell. */
  readonly root: TypedTable;
  #table: TomlTable | undefined;

  private constructor(text: string, path: string | undefined, { sections, root }: Syntax) {
    this.text = text;
    this.path = path;
    this.sections = sections;
    this.root = root;
  }

  /**
   * @param text TOML 1.1; it may start with a BOM.
   * @param path The file that it is of, for messages.
   * @throws {ConfigParseError} It is not TOML; the message says `PATH:LINE:COLUMN`, or `LINE:COLUMN` without a path.
   * @throws {ZjjError} CONFIG_LIMIT: it is nested deeper than 1,000 levels, or has a number of more than 1,000
   *   characters; the message says where.
   * @example
   * TomlDocument.parse('a.b = 1').get(['a', 'b']) // 1
   * @see https://toml.io/en/v1.1.0
   */
  static parse(text: string, path?: string): TomlDocument {
    const body = withoutBom(text);
    try {
      return new TomlDocument(text, path, parse(body));
    } catch (error) {
      if (!(error instanceof SyntaxFault)) throw error;
      const { line, column } = placeOf(body, error.offset);
      const message = `${path === undefined ? '' : `${path}:`}${line}:${column}: ${error.message}`;
      if (error.isLimit) throw new ZjjError('CONFIG_LIMIT', message, { path, cause: error });
      throw new ConfigParseError(message, { path, line, column, cause: error });
    }
  }

  /** @internal The text without its BOM. */
  get body(): string {
    return withoutBom(this.text);
  }

  /** The value at a key, frozen; undefined if there is none. */
  get(parts: readonly string[]): TomlValue | undefined {
    const typed = findMember(this.root, parts);
    return typed && toValue(typed);
  }

  has(parts: readonly string[]): boolean {
    return findMember(this.root, parts) !== undefined;
  }

  /** The whole document, frozen, without prototypes. */
  toTable(): TomlTable {
    this.#table ??= toTable(this.root.members);
    return this.#table;
  }

  edit(): TomlEdit {
    return new TomlEdit(this, TomlDocument.parse);
  }
}

function withoutBom(text: string): string {
  return text.startsWith(byteOrderMark) ? text.slice(1) : text;
}
