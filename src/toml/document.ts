import { ConfigParseError, ZjjError } from '../errors.js';
import { TomlEdit } from './edit.js';
import { openTable, parseSections, placeMember, placeOf, type SectionNode, SyntaxFault } from './syntax.js';
import { findMember, type Typed, type TypedTable, toTable, toValue } from './typed.js';
import type { TomlTable, TomlValue } from './values.js';

const byteOrderMark = '\uFEFF';

/** A TOML text and what it says. Immutable. */
export class TomlDocument {
  readonly text: string;
  /** The file that the text is of, for messages. */
  readonly path: string | undefined;
  /** @internal Offsets in it are into the text without its BOM. */
  readonly sections: readonly SectionNode[];
  #root: TypedTable | undefined;
  #table: TomlTable | undefined;

  private constructor(text: string, path: string | undefined, sections: readonly SectionNode[]) {
    this.text = text;
    this.path = path;
    this.sections = sections;
  }

  /**
   * @param text TOML 1.1; it may start with a BOM.
   * @param path The file that it is of, for messages.
   * @throws {ConfigParseError} It is not TOML; the message says `PATH:LINE:COLUMN`, or `LINE:COLUMN` without a path.
   * @throws {ZjjError} CONFIG_LIMIT: it is more than the parser can hold.
   * @example
   * TomlDocument.parse('a.b = 1').get(['a', 'b']) // 1
   * @see https://toml.io/en/v1.1.0
   */
  static parse(text: string, path?: string): TomlDocument {
    const body = withoutBom(text);
    try {
      return new TomlDocument(text, path, parseSections(body));
    } catch (error) {
      if (!(error instanceof SyntaxFault)) throw error;
      const { line, column } = placeOf(body, error.offset);
      const prefix = path === undefined ? '' : `${path}:`;
      if (error.isLimit) throw new ZjjError('CONFIG_LIMIT', `${prefix} ${error.message}`.trim(), { path });
      throw new ConfigParseError(`${prefix}${line}:${column}: ${error.message}`, {
        path,
        line,
        column,
        cause: error,
      });
    }
  }

  /** @internal The text without its BOM. */
  get body(): string {
    return withoutBom(this.text);
  }

  /** Everything in it, with the types that JavaScript values do not tell. */
  get root(): TypedTable {
    this.#root ??= buildRoot(this.sections);
    return this.#root;
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

function buildRoot(sections: readonly SectionNode[]): TypedTable {
  const root = new Map<string, Typed>();
  for (const { header, entries } of sections) {
    let members = root;
    if (header !== undefined) {
      for (const name of header.key.slice(0, -1)) members = openTable(members, name);
      const name = header.key[header.key.length - 1] ?? '';
      members = header.isArray ? openElement(members, name) : openTable(members, name);
    }
    for (const { key, value } of entries) placeMember(members, key, value);
  }
  return { type: 'table', members: root };
}

function openElement(members: Map<string, Typed>, name: string): Map<string, Typed> {
  const element = new Map<string, Typed>();
  const table: TypedTable = { type: 'table', members: element };
  const array = members.get(name);
  if (array?.type === 'array' && Array.isArray(array.items)) array.items.push(table);
  else members.set(name, { type: 'array', items: [table] });
  return element;
}
