import type { UndoLog } from './undo-log.js';

/** A stretch of the text. Its text never changes: an edit takes pieces out of the list and puts others in. */
export interface Piece {
  readonly text: string;
  /** Blank lines and comments, whole lines of them; no key and no header. */
  readonly isGap: boolean;
  previous: Piece | undefined;
  next: Piece | undefined;
}

export function newPiece(text: string, isGap = false): Piece {
  return { text, isGap, previous: undefined, next: undefined };
}

/** The whole text as a linked list, so that an edit costs the same wherever it is and however long the text. */
export class PieceList {
  /** Before and after all text, so that every piece with text has neighbours. */
  readonly head = newPiece('', true);
  readonly tail = newPiece('', true);
  readonly #log: UndoLog;

  constructor(log: UndoLog) {
    this.#log = log;
    link(this.head, this.tail);
  }

  /** Adds to the end, for good. */
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

  /** Takes out the pieces from `first` to `last`; they stay linked to each other, so that undoing costs two links. */
  remove(first: Piece, last: Piece): void {
    const previous = first.previous ?? this.head;
    const next = last.next ?? this.tail;
    link(previous, next);
    this.#log.add(() => {
      link(previous, first);
      link(last, next);
    });
  }

  /** Puts a chain of pieces, linked to each other, into the place of another. */
  replace(first: Piece, last: Piece, newFirst: Piece, newLast: Piece): void {
    const previous = first.previous ?? this.head;
    const next = last.next ?? this.tail;
    link(previous, newFirst);
    link(newLast, next);
    this.#log.add(() => {
      link(previous, first);
      link(last, next);
    });
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

export function textBetween(first: Piece, last: Piece): string {
  let text = first.text;
  for (let piece = first; piece !== last && piece.next !== undefined; text += piece.text) piece = piece.next;
  return text;
}
