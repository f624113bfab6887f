import { formatKey } from '../syntax/key-path.js';
import { linkEntry, newEntry, unlinkEntry } from './entries.js';
import { type Entry, isWithin, newSection, pathOf, type Section, type Table } from './model.js';
import type { Piece, PieceList } from './pieces.js';
import type { UndoLog } from './undo-log.js';

/** Adds and removes the lines of headers and entries. Every step can be undone. */
export class SectionEditor {
  readonly #pieces: PieceList;
  readonly #log: UndoLog;
  /** The newline to use where no line comes before. */
  readonly #newline: string;

  constructor(pieces: PieceList, log: UndoLog, newline: string) {
    this.#pieces = pieces;
    this.#log = log;
    this.#newline = newline;
  }

  /**
   * Adds a line to a section.
   *
   * @param group The table that the key starts from. If it is dotted, the line goes after its last entry, otherwise
   *   after the last entry of the section.
   * @param owner The table that has the new value as a member.
   * @param key The text of the key.
   * @param value The text of the value.
   */
  addEntry(section: Section, group: Table, owner: Table, key: string, value: string): Entry {
    const previous = group.prefix.length > 0 ? group.lastEntry : section.lastEntry;
    const after = previous?.end ?? section.header;
    const newline = this.#newlineBefore(after);
    const keyPiece = this.#pieces.insertAfter(after, `${indentOf(previous?.key ?? section.header)}${key} = `);
    const valuePiece = this.#pieces.insertAfter(keyPiece, value);
    const end = this.#pieces.insertAfter(valuePiece, newline);
    const pieces = { key: keyPiece, value: valuePiece, end };
    const entry = newEntry(section, owner, pieces, { start: -1, previous, next: previous?.next });
    if (!section.firstEntry && section.table.parent === undefined) this.#separate(section, end, newline);
    linkEntry(entry, this.#log);
    for (let table: Table | undefined = owner; table && isDotted(table, section); table = table.parent) {
      if (table.lastEntry === previous || !table.lastEntry) this.#log.assign(table, 'lastEntry', entry);
    }
    return entry;
  }

  removeEntry(entry: Entry, section: Section): void {
    this.#pieces.remove(entry.key, entry.end ?? entry.lastValue);
    unlinkEntry(entry, this.#log);
    for (let table: Table | undefined = entry.owner; table && isDotted(table, section); table = table.parent) {
      if (table.lastEntry === entry) this.#log.assign(table, 'lastEntry', lastEntryWithin(entry.previous, table));
    }
    if (!section.firstEntry && section.table.parent === undefined) this.#removePadding(section);
  }

  /** Adds a header for a table that only headers below it imply. It goes before the first of those. */
  addSuperSection(table: Table, first: Section): Section {
    return this.#addSection(table, first.previous, first);
  }

  /** Adds a header for a new table, after all sections of `ancestor`. */
  addSection(table: Table, ancestor: Table): Section {
    const last = ancestor.lastSection;
    return this.#addSection(table, last, last?.next);
  }

  #addSection(table: Table, previous: Section | undefined, next: Section | undefined): Section {
    const before = next?.lead ?? this.#pieces.tail;
    const newline = this.#newlineBefore(before.previous ?? this.#pieces.head);
    const padding: Piece[] = [];
    if (!isSeparated(before)) padding.push(this.#pieces.insertBefore(before, newline, true));
    const header = this.#pieces.insertBefore(before, `[${formatKey(pathOf(table))}]${newline}`);
    if (next) padding.push(this.#pieces.insertBefore(before, newline, true));
    const section: Section = { ...newSection(table, header, header, -1), previous, next, padding };
    if (previous) this.#log.assign(previous, 'next', section);
    if (next) this.#log.assign(next, 'previous', section);
    this.#log.assign(table, 'home', section);
    for (let above: Table | undefined = table; above !== undefined; above = above.parent) {
      if (!above.firstSection || above.firstSection === next) this.#log.assign(above, 'firstSection', section);
      if (!above.lastSection || above.lastSection === previous) this.#log.assign(above, 'lastSection', section);
    }
    return section;
  }

  /** Removes the line of a header. The comments around it stay. */
  removeSection(section: Section): void {
    const { previous, next } = section;
    this.#pieces.remove(section.header, section.header);
    this.#removePadding(section);
    if (previous) this.#log.assign(previous, 'next', next);
    if (next) this.#log.assign(next, 'previous', previous);
    for (let table: Table | undefined = section.table; table !== undefined; table = table.parent) {
      if (table.firstSection === section) this.#log.assign(table, 'firstSection', firstSectionWithin(next, table));
      if (table.lastSection === section) this.#log.assign(table, 'lastSection', lastSectionWithin(previous, table));
    }
  }

  /** Adds a blank line after the first entry of the root, unless a blank line follows or the text ends there. */
  #separate(root: Section, end: Piece, newline: string): void {
    let next = end.next;
    while (next?.text === '') next = next.next;
    if (next === undefined || (next.isGap && /^[ \t]*\r?\n/.test(next.text))) return;
    this.#log.assign(root, 'padding', [this.#pieces.insertAfter(end, newline, true)]);
  }

  #removePadding(section: Section): void {
    if (section.padding.length === 0) return;
    for (const piece of section.padding) this.#pieces.remove(piece, piece);
    this.#log.assign(section, 'padding', []);
  }

  #newlineBefore(piece: Piece): string {
    let before: Piece | undefined = piece;
    while (before && !before.text.endsWith('\n')) before = before.previous;
    if (!before) return this.#newline;
    return before.text.endsWith('\r\n') ? '\r\n' : '\n';
  }
}

function isDotted(table: Table, section: Section): boolean {
  return table.home === section && table.prefix.length > 0;
}

function indentOf({ text }: Piece): string {
  return /^[ \t]*/.exec(text)?.[0] ?? '';
}

/** True if a blank line is before the piece, or if the piece starts the text and needs none. */
function isSeparated(piece: Piece): boolean {
  let before = piece.previous;
  while (before?.text === '') before = before.previous;
  return before === undefined || (before.isGap && /(?:^|\n)[ \t]*\r?\n$/.test(before.text));
}

function lastEntryWithin(entry: Entry | undefined, table: Table): Entry | undefined {
  let last = entry;
  while (last && !isWithin(last.owner, table)) last = last.previous;
  return last;
}

function firstSectionWithin(section: Section | undefined, table: Table): Section | undefined {
  let first = section;
  while (first && !isWithin(first.table, table)) first = first.next;
  return first;
}

function lastSectionWithin(section: Section | undefined, table: Table): Section | undefined {
  let last = section;
  while (last && !isWithin(last.table, table)) last = last.previous;
  return last;
}
