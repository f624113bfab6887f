/** This folder: TOML text in, TOML text out. It uses no file, no lock and no module of Node.js. */

import { ConfigParseError, ZjjError } from '../errors.js';
import { DocumentEdit } from './edit/edit.js';
import type { ParsedText } from './edit/parsed-text.js';
import { parse } from './syntax/parse.js';
import { placeOf, type SectionNode, type Syntax, SyntaxFault } from './syntax/syntax.js';
import type { TomlTable, TomlValue } from './syntax/toml-value.js';
import { findMember, type TypedTable, toTable, toValue } from './syntax/typed.js';

const byteOrderMark = '\uFEFF';

/** Changes to a {@link TomlDocument}. */
export type TomlEdit = DocumentEdit<TomlDocument>;

/** A TOML text and its values. Immutable. */
export class TomlDocument implements ParsedText {
  readonly text: string;
  /** The file that the text comes from, for messages. */
  readonly path: string | undefined;
  /** @internal Its offsets refer to {@link body}. */
  readonly sections: readonly SectionNode[];
  /** All values, with their TOML types, which JavaScript values do not preserve. */
  readonly root: TypedTable;
  #table: TomlTable | undefined;

  private constructor(text: string, path: string | undefined, { sections, root }: Syntax) {
    this.text = text;
    this.path = path;
    this.sections = sections;
    this.root = root;
  }

  /**
   * Parses a text.
   *
   * @param text TOML 1.1. It may start with a BOM.
   * @param path The file that the text comes from, for messages.
   * @throws {ConfigParseError} The text is not TOML. The message starts with `PATH:LINE:COLUMN`, or with `LINE:COLUMN`
   *   without a path.
   * @throws {ZjjError} CONFIG_LIMIT: the text is nested deeper than 1,000 levels, or has a number of more than 1,000
   *   characters. The message starts in the same way.
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

  /** @internal Returns the text without its BOM. */
  get body(): string {
    return withoutBom(this.text);
  }

  /** Returns the value at a key, frozen; undefined if the key is missing. */
  get(parts: readonly string[]): TomlValue | undefined {
    const typed = findMember(this.root, parts);
    return typed && toValue(typed);
  }

  has(parts: readonly string[]): boolean {
    return findMember(this.root, parts) !== undefined;
  }

  /** Returns the whole document as a table. It and everything in it is frozen, and no table has a prototype. */
  toTable(): TomlTable {
    this.#table ??= toTable(this.root.members);
    return this.#table;
  }

  /** Starts an edit. The document itself does not change. */
  edit(): TomlEdit {
    return new DocumentEdit(this, TomlDocument.parse);
  }
}

function withoutBom(text: string): string {
  return text.startsWith(byteOrderMark) ? text.slice(1) : text;
}
