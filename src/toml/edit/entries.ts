import type { EntryNode } from '../syntax/syntax.js';
import { type Entry, type InlineTable, newTable, type Section, type Table } from './model.js';
import type { Piece, PieceList } from './pieces.js';
import type { UndoLog } from './undo-log.js';

/** The pieces of an entry's text. */
interface EntryPieces {
  readonly key: Piece;
  readonly value: Piece;
  readonly end: Piece | undefined;
}

export function newEntry(
  home: Section | InlineTable,
  owner: Table,
  { key, value, end }: EntryPieces,
  { start, previous, next }: Pick<Entry, 'start' | 'previous' | 'next'>,
): Entry {
  return { home, owner, key, firstValue: value, lastValue: value, end, start, previous, next };
}

/**
 * Adds an entry that was parsed, after the entries that its home already has. This cannot be undone.
 *
 * @param table The table of the home, which the key starts from.
 * @param start See {@link Entry.start}.
 */
export function appendEntry(
  table: Table,
  home: Section | InlineTable,
  { key, value }: EntryNode,
  pieces: EntryPieces,
  start: number,
): Entry {
  let owner = table;
  for (let depth = 1; depth < key.length; depth += 1) owner = openDotted(owner, home, key.slice(0, depth));
  const entry = newEntry(home, owner, pieces, { start, previous: home.lastEntry, next: undefined });
  if (home.lastEntry) home.lastEntry.next = entry;
  home.firstEntry ??= entry;
  home.lastEntry = entry;
  owner.members.set(key[key.length - 1] ?? '', { kind: 'leaf', entry, value });
  return entry;
}

/** Returns the table that a dotted prefix ends with, and creates it if it does not exist. */
function openDotted(parent: Table, home: Section | InlineTable, prefix: readonly string[]): Table {
  const name = prefix[prefix.length - 1] ?? '';
  const member = parent.members.get(name);
  const table = member?.kind === 'table' ? member : newTable(parent, name);
  table.home ??= home;
  table.prefix = prefix;
  parent.members.set(name, table);
  return table;
}

/** Links a new entry to its neighbours and its home. */
export function linkEntry(entry: Entry, log: UndoLog): void {
  const { home, previous, next } = entry;
  if (previous) log.assign(previous, 'next', entry);
  else log.assign(home, 'firstEntry', entry);
  if (next) log.assign(next, 'previous', entry);
  else log.assign(home, 'lastEntry', entry);
}

/** Removes an entry from the list of its home. */
export function unlinkEntry({ home, previous, next }: Entry, log: UndoLog): void {
  if (previous) log.assign(previous, 'next', next);
  else log.assign(home, 'firstEntry', next);
  if (next) log.assign(next, 'previous', previous);
  else log.assign(home, 'lastEntry', previous);
}

/** Replaces the pieces of an entry's value by a chain of pieces. */
export function replaceValue(entry: Entry, first: Piece, last: Piece, pieces: PieceList, log: UndoLog): void {
  pieces.replace(entry.firstValue, entry.lastValue, first, last);
  log.assign(entry, 'firstValue', first);
  log.assign(entry, 'lastValue', last);
}
