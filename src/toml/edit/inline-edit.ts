import { parseValue } from '../syntax/parse.js';
import type { EntryNode, InlineNode } from '../syntax/syntax.js';
import type { Typed } from '../syntax/typed.js';
import { appendEntry, linkEntry, newEntry, replaceValue, unlinkEntry } from './entries.js';
import { type Entry, type InlineTable, type Leaf, newTable, type Table } from './model.js';
import { link, newPiece, type Piece, type PieceList } from './pieces.js';
import type { UndoLog } from './undo-log.js';

/** Adds and removes entries of inline tables. Every step can be undone. */
export class InlineEditor {
  readonly #pieces: PieceList;
  readonly #log: UndoLog;

  constructor(pieces: PieceList, log: UndoLog) {
    this.#pieces = pieces;
    this.#log = log;
  }

  /** Cuts an inline table into pieces, so that its entries can be edited, and replaces its leaf by a table. */
  open({ entry, value }: Leaf, parent: Table, name: string): Table {
    const text = entry.firstValue.text;
    const node = isInlineNode(value) ? value : parseValue(text).node;
    if (!isInlineNode(node)) throw new TypeError('Only an inline table can be opened');
    const isOriginal = entry.start >= 0 && value === node && value.text === undefined;
    const { table, first, last } = new InlineCutter(text, node, entry, isOriginal).cut(parent, name);
    replaceValue(entry, first, last, this.#pieces, this.#log);
    this.#log.put(parent.members, name, table);
    return table;
  }

  /** Adds an entry after the last one. It gets its own line if the closing brace has one. */
  addEntry(inline: InlineTable, owner: Table, key: string, value: string): Entry {
    const { closing, lastEntry: previous } = inline;
    const hasTrailingComma = previous?.end !== undefined;
    if (previous && !hasTrailingComma) {
      this.#log.assign(previous, 'end', this.#pieces.insertAfter(previous.lastValue, ','));
    }
    const newline = /\r?\n/.exec(closing.text)?.[0];
    this.#pieces.insertBefore(closing, newline === undefined ? ' ' : newline + inline.indent);
    const pieces = {
      key: this.#pieces.insertBefore(closing, `${key} = `),
      value: this.#pieces.insertBefore(closing, value),
      end: hasTrailingComma ? this.#pieces.insertBefore(closing, ',') : undefined,
    };
    if (!previous && closing.text === '') this.#pieces.insertBefore(closing, ' ');
    const entry = newEntry(inline, owner, pieces, { start: -1, previous, next: undefined });
    linkEntry(entry, this.#log);
    return entry;
  }

  /** Removes an entry, and the comma that is no longer needed. Comments stay. */
  removeEntry(entry: Entry): void {
    const { previous, key, end } = entry;
    const gap = key.previous;
    this.#pieces.remove(gap && isWhiteSpace(gap) ? gap : key, entry.lastValue);
    if (end) {
      this.#pieces.remove(end, end);
    } else if (previous?.end) {
      this.#pieces.remove(previous.end, previous.end);
      this.#log.assign(previous, 'end', undefined);
    }
    unlinkEntry(entry, this.#log);
  }
}

function isInlineNode(value: Typed): value is InlineNode {
  return value.type === 'table' && 'entries' in value;
}

function isWhiteSpace({ text }: Piece): boolean {
  return text.trim() === '';
}

class InlineCutter {
  readonly #text: string;
  readonly #node: InlineNode;
  readonly #entry: Entry;
  /** True if the offsets of the node refer to the parsed text, not to a value that an edit set. */
  readonly #isOriginal: boolean;
  readonly #first = newPiece('{');
  #last = this.#first;
  #position = 1;

  constructor(text: string, node: InlineNode, entry: Entry, isOriginal: boolean) {
    this.#text = text;
    this.#node = node;
    this.#entry = entry;
    this.#isOriginal = isOriginal;
  }

  cut(parent: Table, name: string): { table: Table; first: Piece; last: Piece } {
    const table = newTable(parent, name);
    const end = this.#text.length - 1;
    const inline: InlineTable = {
      kind: 'inline',
      entry: this.#entry,
      closing: newPiece(this.#text.slice(this.#closingStart(end), end)),
      indent: this.#indent(),
      firstEntry: undefined,
      lastEntry: undefined,
    };
    table.home = inline;
    for (const node of this.#node.entries) this.#cutEntry(table, inline, node);
    this.#cutTo(end - inline.closing.text.length);
    this.#push(inline.closing);
    this.#push(newPiece('}'));
    return { table, first: this.#first, last: this.#last };
  }

  #cutEntry(table: Table, inline: InlineTable, node: EntryNode): void {
    const { start, value } = node;
    const base = this.#node.start;
    this.#cutTo(start - base);
    const pieces = {
      key: this.#cutTo(value.start - base),
      value: this.#cutTo(value.end - base),
      end: this.#cutComma(),
    };
    appendEntry(table, inline, node, pieces, this.#isOriginal ? start : -1);
  }

  #cutComma(): Piece | undefined {
    let position = this.#position;
    for (let character = this.#text[position]; character !== '}'; character = this.#text[position]) {
      if (character === ',') {
        if (position > this.#position) this.#cutTo(position);
        return this.#cutTo(position + 1);
      }
      position = character === '#' ? this.#text.indexOf('\n', position) : position + 1;
    }
    return undefined;
  }

  #cutTo(end: number): Piece {
    const piece = newPiece(this.#text.slice(this.#position, end));
    this.#position = end;
    return this.#push(piece);
  }

  #push(piece: Piece): Piece {
    link(this.#last, piece);
    this.#last = piece;
    return piece;
  }

  #closingStart(end: number): number {
    let start = end;
    while (start > 1 && /[ \t\r\n]/.test(this.#text[start - 1] ?? '')) start -= 1;
    return start;
  }

  /** Returns the indentation of the first key if it is the first on its line. */
  #indent(): string {
    const first = this.#node.entries[0];
    const before = first && this.#text.slice(1, first.start - this.#node.start);
    return (before && /\n([ \t]*)$/.exec(before)?.[1]) ?? '  ';
  }
}
