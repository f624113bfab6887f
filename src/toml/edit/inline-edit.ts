import { parseValue } from '../syntax/parse.js';
import type { EntryNode, InlineNode } from '../syntax/syntax.js';
import type { Typed } from '../syntax/typed.js';
import { type Entry, type InlineTable, type Leaf, newTable, type Table } from './model.js';
import { link, newPiece, type Piece, type PieceList } from './pieces.js';
import type { UndoLog } from './undo-log.js';

/** Adds and removes the keys of inline tables. Every step can be taken back. */
export class InlineEditor {
  readonly #pieces: PieceList;
  readonly #log: UndoLog;

  constructor(pieces: PieceList, log: UndoLog) {
    this.#pieces = pieces;
    this.#log = log;
  }

  /** Cuts an inline table into pieces, so that an edit can go into it, and puts it into the place of its leaf. */
  open({ entry, value }: Leaf, parent: Table, name: string): Table {
    const text = entry.firstValue.text;
    const node = isInlineNode(value) ? value : parseValue(text).node;
    if (!isInlineNode(node)) throw new TypeError('Only an inline table can be opened');
    const isOriginal = entry.start >= 0 && value === node && value.text === undefined;
    const opened = new InlineCutter(text, node, entry, isOriginal).cut(parent, name);
    this.#pieces.replace(entry.firstValue, entry.lastValue, opened.first, opened.last);
    this.#log.assign(entry, 'firstValue', opened.first);
    this.#log.assign(entry, 'lastValue', opened.last);
    this.#log.put(parent.members, name, opened.table);
    return opened.table;
  }

  /** Adds a key after the last one, on a line of its own where the closing brace has one. */
  addEntry(inline: InlineTable, owner: Table, key: string, value: string): Entry {
    const { closing, lastEntry: previous } = inline;
    const hasTrailingComma = previous?.end !== undefined;
    if (previous && !hasTrailingComma)
      this.#log.assign(previous, 'end', this.#pieces.insertAfter(previous.lastValue, ','));
    const newline = /\r?\n/.exec(closing.text)?.[0];
    this.#pieces.insertBefore(closing, newline === undefined ? ' ' : newline + inline.indent);
    const keyPiece = this.#pieces.insertBefore(closing, `${key} = `);
    const valuePiece = this.#pieces.insertBefore(closing, value);
    const end = hasTrailingComma ? this.#pieces.insertBefore(closing, ',') : undefined;
    if (!previous && closing.text === '') this.#pieces.insertBefore(closing, ' ');
    const entry: Entry = {
      home: inline,
      owner,
      key: keyPiece,
      firstValue: valuePiece,
      lastValue: valuePiece,
      end,
      start: -1,
      previous,
      next: undefined,
    };
    if (previous) this.#log.assign(previous, 'next', entry);
    else this.#log.assign(inline, 'firstEntry', entry);
    this.#log.assign(inline, 'lastEntry', entry);
    return entry;
  }

  /** Removes a key, and the comma that it no longer needs. Comments stay. */
  removeEntry(entry: Entry, inline: InlineTable): void {
    const { previous, next, key, end } = entry;
    const gap = key.previous;
    this.#pieces.remove(gap && isWhiteSpace(gap) ? gap : key, entry.lastValue);
    if (end) {
      this.#pieces.remove(end, end);
    } else if (previous?.end) {
      this.#pieces.remove(previous.end, previous.end);
      this.#log.assign(previous, 'end', undefined);
    }
    if (previous) this.#log.assign(previous, 'next', next);
    else this.#log.assign(inline, 'firstEntry', next);
    if (next) this.#log.assign(next, 'previous', previous);
    else this.#log.assign(inline, 'lastEntry', previous);
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
  /** The offsets of the node are into the text that was parsed. */
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

  #cutEntry(table: Table, inline: InlineTable, { key, start, value }: EntryNode): void {
    let owner = table;
    key.slice(0, -1).forEach((name, index) => {
      owner = openDotted(owner, name, inline, key.slice(0, index + 1));
    });
    const base = this.#node.start;
    this.#cutTo(start - base);
    const keyPiece = this.#cutTo(value.start - base);
    const valuePiece = this.#cutTo(value.end - base);
    const entry: Entry = {
      home: inline,
      owner,
      key: keyPiece,
      firstValue: valuePiece,
      lastValue: valuePiece,
      end: this.#cutComma(),
      start: this.#isOriginal ? start : -1,
      previous: inline.lastEntry,
      next: undefined,
    };
    if (inline.lastEntry) inline.lastEntry.next = entry;
    inline.firstEntry ??= entry;
    inline.lastEntry = entry;
    owner.members.set(key[key.length - 1] ?? '', { kind: 'leaf', entry, value });
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

  /** That of the first key, if it is the first on its line. */
  #indent(): string {
    const first = this.#node.entries[0];
    const before = first && this.#text.slice(1, first.start - this.#node.start);
    return (before && /\n([ \t]*)$/.exec(before)?.[1]) ?? '  ';
  }
}

function openDotted(table: Table, name: string, home: InlineTable, prefix: readonly string[]): Table {
  const node = table.members.get(name);
  if (node?.kind === 'table') return node;
  const made = newTable(table, name);
  made.home = home;
  made.prefix = prefix;
  table.members.set(name, made);
  return made;
}
