import type { UndoLog } from './undo-log.js';

/** A stretch of the text. Its text never changes: an edit removes pieces from the list and inserts others. */
export interface Piece {
  readonly text: string;
  /** True if the piece consists of blank lines and comment lines only, so it has no key and no header. */
  readonly isGap: boolean;
  previous: Piece | undefined;
  next: Piece | undefined;
}

export function newPiece(text: string, isGap = false): Piece {
  return { text, isGap, previous: undefined, next: undefined };
}

/** The whole text as a linked list. The cost of an edit depends neither on its place nor on the length of the text. */
export class PieceList {
  /** The head and the tail are empty, so every piece with text has two neighbours. */
  readonly head = newPiece('', true);
  readonly tail = newPiece('', true);
  readonly #log: UndoLog;

  constructor(log: UndoLog) {
    this.#log = log;
    link(this.head, this.tail);
  }

  /** Adds a piece at the end. This cannot be undone. */
  append(piece: Piece): Piece {
    link(this.tail.previous ?? this.head, piece);
    link(piece, this.tail);
    return piece;
  }

  insertBefore(next: Piece, text: string, isGap = false): Piece {
    return this.insertAfter(next.previous ?? this.head, text, isGap);
  }

  insertAfter(previous: Piece, text: string, isGap = false): Piece {
    const piece = newPiece(text, isGap);
    const next = previous.next ?? this.tail;
    link(previous, piece);
    link(piece, next);
    this.#log.add(() => link(previous, next));
    return piece;
  }

  /** Removes the pieces from `first` to `last`. They stay linked to each other, so undoing this sets only two links. */
  remove(first: Piece, last: Piece): void {
    const { previous, next } = this.#detach(first, last);
    link(previous, next);
  }

  /** Replaces the pieces from `first` to `last` by a chain of pieces that are already linked to each other. */
  replace(first: Piece, last: Piece, newFirst: Piece, newLast: Piece): void {
    const { previous, next } = this.#detach(first, last);
    link(previous, newFirst);
    link(newLast, next);
  }

  /** Returns the neighbours of a chain, and records how to link the chain to them again. */
  #detach(first: Piece, last: Piece): { previous: Piece; next: Piece } {
    const previous = first.previous ?? this.head;
    const next = last.next ?? this.tail;
    this.#log.add(() => {
      link(previous, first);
      link(last, next);
    });
    return { previous, next };
  }

  join(): string {
    const texts: string[] = [];
    for (let piece = this.head.next; piece !== undefined; piece = piece.next) texts.push(piece.text);
    return texts.join('');
  }
}

export function link(previous: Piece, next: Piece): void {
  previous.next = next;
  next.previous = previous;
}

/** Returns the text from the piece `first` to the piece `last`, both included. */
export function textOf(first: Piece, last: Piece): string {
  let text = first.text;
  for (let piece = first; piece !== last && piece.next !== undefined; text += piece.text) piece = piece.next;
  return text;
}
