import type { EntryNode, HeaderNode, SectionNode } from '../syntax/syntax.js';
import { appendEntry } from './entries.js';
import { lineEnd, lineStart } from './lines.js';
import { newSection, newTable, type Section, type Table } from './model.js';
import { newPiece, type Piece, type PieceList } from './pieces.js';

/**
 * Cuts a text into pieces, and builds the tables and entries that refer to them.
 *
 * @param text The text without its BOM. Its last line must end with a newline.
 * @param pieces An empty list, which receives the pieces.
 * @returns The root table.
 */
export function buildModel(text: string, sections: readonly SectionNode[], pieces: PieceList): Table {
  const root = newTable(undefined, '');
  const builder = new ModelBuilder(text, pieces);
  let last: Section | undefined;
  for (const { header, entries } of sections) {
    const section = header ? builder.addSection(openHeader(root, header), header) : builder.addRoot(root, sections);
    attachSection(section, last);
    for (const entry of entries) builder.addEntry(section, entry);
    last = section;
  }
  builder.finish();
  return root;
}

function openHeader(root: Table, { key, isArray }: HeaderNode): Table {
  let table = root;
  for (const name of key.slice(0, -1)) table = openTable(table, name);
  const name = key[key.length - 1] ?? '';
  if (!isArray) return openTable(table, name);
  const element = newTable(table, name);
  const array = table.members.get(name);
  if (array?.kind === 'array') array.elements.push(element);
  else table.members.set(name, { kind: 'array', elements: [element] });
  return element;
}

/** Returns the table with a name, and creates it if it is missing. For an array of tables, returns the last element. */
function openTable(parent: Table, name: string): Table {
  const node = parent.members.get(name);
  const table = node?.kind === 'array' ? node.elements[node.elements.length - 1] : node;
  if (table?.kind === 'table') return table;
  const created = newTable(parent, name);
  parent.members.set(name, created);
  return created;
}

function attachSection(section: Section, last: Section | undefined): void {
  section.previous = last;
  if (last) last.next = section;
  section.table.home = section;
  for (let table: Table | undefined = section.table; table !== undefined; table = table.parent) {
    table.firstSection ??= section;
    table.lastSection = section;
  }
}

class ModelBuilder {
  readonly #text: string;
  readonly #pieces: PieceList;
  #position = 0;

  constructor(text: string, pieces: PieceList) {
    this.#text = text;
    this.#pieces = pieces;
  }

  /** Adds the section of the root. It starts at its first key, before the first header, or at the end of the text. */
  addRoot(root: Table, [own, next]: readonly SectionNode[]): Section {
    const first = own?.entries[0];
    const start = first?.start ?? next?.header?.start ?? this.#text.length;
    const line = lineStart(this.#text, start);
    this.#cutGap(first || !next ? line : this.#commentsStart(line));
    const header = this.#pieces.append(newPiece('', true));
    return newSection(root, header, header, -1);
  }

  addSection(table: Table, { start, end }: HeaderNode): Section {
    const line = lineStart(this.#text, start);
    this.#cutGap(this.#commentsStart(line));
    const comments = this.#cutGap(line);
    const header = this.#cut(lineEnd(this.#text, end));
    return newSection(table, header, comments ?? header, start);
  }

  addEntry(section: Section, node: EntryNode): void {
    const { start, value } = node;
    this.#cutGap(lineStart(this.#text, start));
    const pieces = {
      key: this.#cut(value.start),
      value: this.#cut(value.end),
      end: this.#cut(lineEnd(this.#text, value.end)),
    };
    const entry = appendEntry(section.table, section, node, pieces, start);
    for (let table = entry.owner; table !== section.table && table.parent; table = table.parent)
      table.lastEntry = entry;
  }

  finish(): void {
    this.#cutGap(this.#text.length);
  }

  #cut(end: number): Piece {
    const piece = newPiece(this.#text.slice(this.#position, end));
    this.#position = end;
    return this.#pieces.append(piece);
  }

  #cutGap(end: number): Piece | undefined {
    if (end <= this.#position) return undefined;
    const piece = newPiece(this.#text.slice(this.#position, end), true);
    this.#position = end;
    return this.#pieces.append(piece);
  }

  /** Returns the start of the comment lines right above a line, or the line itself. */
  #commentsStart(line: number): number {
    let start = line;
    while (start > this.#position) {
      const above = lineStart(this.#text, start - 1);
      if (!this.#text.slice(above, start).trimStart().startsWith('#')) break;
      start = above;
    }
    return start;
  }
}
