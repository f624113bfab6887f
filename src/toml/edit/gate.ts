import type { EntryNode, HeaderNode } from '../syntax/syntax.js';
import { isSame, type Typed } from '../syntax/typed.js';
import { lineEnd, lineStart } from './lines.js';
import type { ParsedText } from './parsed-text.js';

/** The text that an edit produced is not the expected one. It must not be written. */
export class GateError extends Error {
  static {
    GateError.prototype.name = 'GateError';
  }
}

/** A key that an edit set or unset. */
export interface EditedKey {
  readonly parts: readonly string[];
  readonly isUnset: boolean;
}

/** The whole lines of a text from `start` up to, but not including, `end`. */
interface LineRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Checks the result of an edit, without knowing how the edit works. The values must be the expected ones. Every line of
 * the old text that has none of the edited keys must be in the new text, unchanged and in the same order. The rest of
 * the line around a value that was set must be unchanged.
 *
 * @param expected The values that the new text must have.
 * @throws {GateError} The result does not pass.
 */
export function checkEdit(before: ParsedText, after: ParsedText, expected: Typed, edited: readonly EditedKey[]): void {
  if (!isSame(expected, after.root)) throw new GateError('The edited text does not have the expected values');
  const hasBom = before.text !== before.body;
  if (hasBom !== (after.text !== after.body)) throw new GateError('The edit changed the byte order mark');
  const touchedKeys = new KeyTree(edited);
  const unsetKeys = new KeyTree(edited.filter(({ isUnset }) => isUnset));
  // Usually the texts differ only in a short range, and that range passes. Comparing only that range is faster.
  const [oldRange, newRange] = changedRanges(before.body, after.body);
  if (findFault(before, oldRange, after, newRange, touchedKeys, unsetKeys) === undefined) return;
  const fault = findFault(before, wholeRange(before), after, wholeRange(after), touchedKeys, unsetKeys);
  if (fault !== undefined) throw new GateError(fault);
}

function wholeRange({ body }: ParsedText): LineRange {
  return { start: 0, end: body.length };
}

/** Strips the equal lines from the start and the end of two texts, and returns the range that remains of each. */
function changedRanges(before: string, after: string): [LineRange, LineRange] {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before.charCodeAt(start) === after.charCodeAt(start)) start += 1;
  start = lineStart(before, start);
  let same = 0;
  const most = shorter - start;
  while (same < most && before.charCodeAt(before.length - 1 - same) === after.charCodeAt(after.length - 1 - same)) {
    same += 1;
  }
  // The equal ends may start in the middle of a line. Only the lines after that line are equal as a whole.
  const newline = before.indexOf('\n', before.length - same);
  const kept = newline < 0 ? 0 : before.length - newline - 1;
  return [
    { start, end: before.length - kept },
    { start, end: after.length - kept },
  ];
}

/** Compares a range of the new text with the range of the old text that it replaces. Returns the fault, if any. */
function findFault(
  before: ParsedText,
  oldRange: LineRange,
  after: ParsedText,
  newRange: LineRange,
  touchedKeys: KeyTree,
  unsetKeys: KeyTree,
): string | undefined {
  const line = missingLine(untouchedLines(before, oldRange, touchedKeys), after.body, newRange);
  if (line !== undefined) return `The edit changed a line outside its keys: ${JSON.stringify(line)}`;
  const isSet = (entry: EntryNode, header: HeaderNode | undefined) =>
    touchedKeys.coversEntry(entry, header) && !unsetKeys.coversEntry(entry, header);
  const oldLines = linesAroundValues(before, oldRange, isSet);
  if (oldLines.size === 0) return undefined;
  const newLines = linesAroundValues(after, newRange, (entry, header) => touchedKeys.coversEntry(entry, header));
  for (const [key, line] of oldLines) {
    if (newLines.get(key) !== line) return `The edit changed more than the value at ${key}`;
  }
  return undefined;
}

/** For each key that the filter accepts: the text on its lines before and after the value. */
function linesAroundValues(
  { body, sections }: ParsedText,
  range: LineRange,
  isWanted: (entry: EntryNode, header: HeaderNode | undefined) => boolean,
): Map<string, string> {
  const lines = new Map<string, string>();
  for (const { header, entries } of sections) {
    for (const entry of entries) {
      if (!overlaps(range, entry.start, entry.value.end) || !isWanted(entry, header)) continue;
      const { start, end } = entry.value;
      const [after] = body.slice(end, lineEnd(body, end)).split(/\r?\n/, 1);
      const before = body.slice(lineStart(body, entry.start), start);
      lines.set(JSON.stringify([...(header?.key ?? []), ...entry.key]), `${before}\n${after}`);
    }
  }
  return lines;
}

function overlaps(range: LineRange, start: number, end: number): boolean {
  return end > range.start && start < range.end;
}

/** Returns the first of `lines` that is missing from a range of the text, or is out of order there. */
function missingLine(lines: readonly string[], text: string, { start, end }: LineRange): string | undefined {
  const found = text.slice(start, end).split('\n');
  const isAtEnd = end === text.length;
  // The empty string after the last newline is not a line. At the end of the text it is kept, because the last line may
  // gain or lose its newline.
  if (!isAtEnd) found.pop();
  const last = found.length - 1;
  let next = 0;
  for (let index = 0; index <= last && next < lines.length; index += 1) {
    if (found[index] === lines[next]) next += 1;
    // Only the last line of either text may gain or lose its newline, and a carriage return with it.
    else if (
      isAtEnd &&
      (index === last || next === lines.length - 1) &&
      withoutReturn(found[index]) === withoutReturn(lines[next])
    ) {
      next += 1;
    }
  }
  return lines[next];
}

function withoutReturn(line: string | undefined): string | undefined {
  return line?.endsWith('\r') ? line.slice(0, -1) : line;
}

/** Returns the lines of a range that have none of the edited keys. */
function untouchedLines({ body, sections }: ParsedText, range: LineRange, touchedKeys: KeyTree): string[] {
  const lines: string[] = [];
  let position = range.start;
  const keepUpTo = (end: number): void => {
    if (end <= position) return;
    const kept = body.slice(position, end).split('\n');
    // The empty string after the last newline is not a line.
    if (kept[kept.length - 1] === '') kept.pop();
    for (const line of kept) lines.push(line);
  };
  const skip = (start: number, end: number): void => {
    keepUpTo(lineStart(body, start));
    position = lineEnd(body, end);
  };
  for (const { header, entries } of sections) {
    if (header && overlaps(range, header.start, header.end) && touchedKeys.coversHeader(header)) {
      skip(header.start, header.end);
    }
    for (const entry of entries) {
      const { end } = entry.value;
      if (overlaps(range, entry.start, end) && touchedKeys.coversEntry(entry, header)) skip(entry.start, end);
    }
  }
  keepUpTo(range.end);
  return lines;
}

interface KeyNode {
  isEdited: boolean;
  readonly below: Map<string, KeyNode>;
}

/** A set of keys that can be searched by their parts. */
class KeyTree {
  readonly #root: KeyNode = { isEdited: false, below: new Map() };

  constructor(keys: readonly EditedKey[]) {
    for (const { parts } of keys) {
      let node = this.#root;
      for (const part of parts) {
        const below: KeyNode = node.below.get(part) ?? { isEdited: false, below: new Map() };
        node.below.set(part, below);
        node = below;
      }
      node.isEdited = true;
    }
  }

  /** True if the key of a header, or a key above it, was edited. */
  coversHeader({ key }: HeaderNode): boolean {
    return this.#find(key, this.#root)?.isEdited ?? false;
  }

  /** True if the key of an entry was edited, or a key above it, or a key in its inline table. */
  coversEntry({ key }: EntryNode, header: HeaderNode | undefined): boolean {
    const section = header ? this.#find(header.key, this.#root) : this.#root;
    return section !== undefined && this.#find(key, section) !== undefined;
  }

  /** Returns the node of a key, or the first edited node on the way to it. */
  #find(key: readonly string[], from: KeyNode): KeyNode | undefined {
    let node: KeyNode | undefined = from;
    for (const part of key) {
      if (node === undefined || node.isEdited) return node;
      node = node.below.get(part);
    }
    return node;
  }
}
