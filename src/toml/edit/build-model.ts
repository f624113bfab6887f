import type { EntryNode, HeaderNode, SectionNode } from '../syntax/syntax.js';
import { type Entry, newTable, type Section, type Table } from './model.js';
import { newPiece, type Piece, type PieceList } from './pieces.js';

/**
 * Cuts a text into pieces, and links its tables and keys to them.
 *
 * @param text Without BOM, its last line ended by a newline.
 * @returns The root.
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

/** The table of a name, made if need be; of an array of tables, the last element. */
function openTable(table: Table, name: string): Table {
  const node = table.members.get(name);
  const below = node?.kind === 'array' ? node.elements[node.elements.length - 1] : node;
  if (below?.kind === 'table') return below;
  const made = newTable(table, name);
  table.members.set(name, made);
  return made;
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

  /** The root's keys begin where its first one is, else before the first header, else at the end. */
  addRoot(root: Table, [own, next]: readonly SectionNode[]): Section {
    const first = own?.entries[0];
    const start = first?.start ?? next?.header?.start ?? this.#text.length;
    const line = this.#lineStart(start);
    this.#cutGap(first || !next ? line : this.#leadStart(line));
    const header = this.#pieces.append(newPiece('', true));
    return newSection(root, header, header, -1);
  }

  addSection(table: Table, { start, end }: HeaderNode): Section {
    const line = this.#lineStart(start);
    this.#cutGap(this.#leadStart(line));
    const comments = this.#cutGap(line);
    const header = this.#cut(this.#lineEnd(end));
    return newSection(table, header, comments ?? header, start);
  }

  addEntry(section: Section, { key, start, value }: EntryNode): void {
    let owner = section.table;
    const dotted = key.slice(0, -1).map((name, index) => {
      owner = openTable(owner, name);
      owner.home ??= section;
      owner.prefix = key.slice(0, index + 1);
      return owner;
    });
    this.#cutGap(this.#lineStart(start));
    const keyPiece = this.#cut(value.start);
    const valuePiece = this.#cut(value.end);
    const end = this.#cut(this.#lineEnd(value.end));
    const entry: Entry = {
      home: section,
      owner,
      key: keyPiece,
      firstValue: valuePiece,
      lastValue: valuePiece,
      end,
      start,
      previous: section.lastEntry,
      next: undefined,
    };
    if (section.lastEntry) section.lastEntry.next = entry;
    section.firstEntry ??= entry;
    section.lastEntry = entry;
    for (const table of dotted) table.lastEntry = entry;
    owner.members.set(key[key.length - 1] ?? '', { kind: 'leaf', entry, value });
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

  #lineStart(offset: number): number {
    return offset === 0 ? 0 : this.#text.lastIndexOf('\n', offset - 1) + 1;
  }

  #lineEnd(offset: number): number {
    return this.#text.indexOf('\n', offset) + 1;
  }

  /** Where the comment lines begin that end right above the line. */
  #leadStart(line: number): number {
    let start = line;
    while (start > this.#position) {
      const above = this.#lineStart(start - 1);
      if (!this.#text.slice(above, start).trimStart().startsWith('#')) break;
      start = above;
    }
    return start;
  }
}

export function newSection(table: Table, header: Piece, lead: Piece, start: number): Section {
  return {
    kind: 'section',
    table,
    header,
    lead,
    start,
    padding: [],
    firstEntry: undefined,
    lastEntry: undefined,
    previous: undefined,
    next: undefined,
  };
}
