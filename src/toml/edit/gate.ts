import type { EntryNode, HeaderNode, SectionNode } from '../syntax/syntax.js';
import { isSame, type Typed } from '../syntax/typed.js';

/** The text that an edit made is not the one that it had to make. Nothing of it may be written. */
export class GateError extends Error {
  static {
    GateError.prototype.name = 'GateError';
  }
}

/** What the gate looks at: a text without BOM, where its keys are, and what it says. */
export interface Judged {
  readonly text: string;
  readonly body: string;
  readonly sections: readonly SectionNode[];
  readonly root: Typed;
}

export interface EditedKey {
  readonly parts: readonly string[];
  readonly isUnset: boolean;
}

/** The part of a text that is looked at: whole lines, to the end of the text or not. */
interface Window {
  readonly start: number;
  readonly end: number;
}

/**
 * Holds the result of an edit against what it had to be, knowing nothing of how it was made: the values are the expected
 * ones; every line of the old text that holds none of the edited keys is in the new text, unchanged and in order; and
 * around a value that was set, the rest of its line is what it was.
 *
 * @throws {GateError}
 */
export function checkEdit(before: Judged, after: Judged, expected: Typed, edited: readonly EditedKey[]): void {
  if (!isSame(expected, after.root)) throw new GateError('An edit changed other values than it had to');
  const hasBom = before.text !== before.body;
  if (hasBom !== (after.text !== after.body)) throw new GateError('An edit changed the byte order mark');
  const all = new KeyTree(edited);
  const unset = new KeyTree(edited.filter(({ isUnset }) => isUnset));
  // Mostly nearly all of a text is the same at both ends, and what is left is as it had to be.
  const [oldPart, newPart] = changedParts(before.body, after.body);
  if (faultIn(before, oldPart, after, newPart, all, unset) === undefined) return;
  const fault = faultIn(before, wholeOf(before), after, wholeOf(after), all, unset);
  if (fault !== undefined) throw new GateError(fault);
}

function wholeOf({ body }: Judged): Window {
  return { start: 0, end: body.length };
}

/** What is left of two texts without the lines that are the same at their beginnings and at their ends. */
function changedParts(before: string, after: string): [Window, Window] {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before.charCodeAt(start) === after.charCodeAt(start)) start += 1;
  start = start === 0 ? 0 : before.lastIndexOf('\n', start - 1) + 1;
  let same = 0;
  const most = shorter - start;
  while (same < most && before.charCodeAt(before.length - 1 - same) === after.charCodeAt(after.length - 1 - same)) {
    same += 1;
  }
  // From the first newline in what is the same; the line that ends with it may differ.
  const newline = before.indexOf('\n', before.length - same);
  const kept = newline < 0 ? 0 : before.length - newline - 1;
  return [
    { start, end: before.length - kept },
    { start, end: after.length - kept },
  ];
}

/** What is wrong with the new window where the old one stood. */
function faultIn(
  before: Judged,
  oldPart: Window,
  after: Judged,
  newPart: Window,
  all: KeyTree,
  unset: KeyTree,
): string | undefined {
  const line = missingLine(untouchedLines(before, oldPart, all), after.body, newPart);
  if (line !== undefined) return `An edit changed a line that it had to keep: ${JSON.stringify(line)}`;
  const isSet = (entry: EntryNode, header: HeaderNode | undefined) =>
    all.takesEntry(entry, header) && !unset.takesEntry(entry, header);
  const frames = framesOf(before, oldPart, isSet);
  if (frames.size === 0) return undefined;
  const newFrames = framesOf(after, newPart, (entry, header) => all.takesEntry(entry, header));
  for (const [key, frame] of frames) {
    if (newFrames.get(key) !== frame) return `An edit changed more than the value at ${key}`;
  }
  return undefined;
}

/** What stands on the lines of some keys before and after the value. */
function framesOf(
  { body, sections }: Judged,
  part: Window,
  isAsked: (entry: EntryNode, header: HeaderNode | undefined) => boolean,
): Map<string, string> {
  const frames = new Map<string, string>();
  for (const { header, entries } of sections) {
    for (const entry of entries) {
      if (!isIn(part, entry.start, entry.value.end) || !isAsked(entry, header)) continue;
      const { start, end } = entry.value;
      const [after] = body.slice(end, lineEnd(body, end)).split(/\r?\n/, 1);
      const before = body.slice(body.lastIndexOf('\n', entry.start) + 1, start);
      frames.set(JSON.stringify([...(header?.key ?? []), ...entry.key]), `${before}\n${after}`);
    }
  }
  return frames;
}

function isIn(part: Window, start: number, end: number): boolean {
  return end > part.start && start < part.end;
}

/** The first of the lines, in their order, that a part of the text does not have. */
function missingLine(lines: readonly string[], text: string, { start, end }: Window): string | undefined {
  const found = text.slice(start, end).split('\n');
  const isAtEnd = end === text.length;
  // What follows a newline at the end is no line, but for the newline that the last line of a text may gain or lose.
  if (!isAtEnd) found.pop();
  const last = found.length - 1;
  let next = 0;
  for (let index = 0; index <= last && next < lines.length; index += 1) {
    if (found[index] === lines[next]) next += 1;
    // Only a line at the end of either text may gain or lose its newline, and with it a carriage return.
    else if (isAtEnd && (index === last || next === lines.length - 1) && bare(found[index]) === bare(lines[next])) {
      next += 1;
    }
  }
  return lines[next];
}

function bare(line: string | undefined): string | undefined {
  return line?.endsWith('\r') ? line.slice(0, -1) : line;
}

function untouchedLines({ body, sections }: Judged, part: Window, edited: KeyTree): string[] {
  const lines: string[] = [];
  let position = part.start;
  const keepUpTo = (end: number): void => {
    if (end <= position) return;
    const kept = body.slice(position, end).split('\n');
    // What follows a newline at the end is no line.
    if (kept[kept.length - 1] === '') kept.pop();
    for (const line of kept) lines.push(line);
  };
  const skip = (start: number, end: number): void => {
    keepUpTo(body.lastIndexOf('\n', start) + 1);
    position = lineEnd(body, end);
  };
  for (const { header, entries } of sections) {
    if (header && isIn(part, header.start, header.end) && edited.takesHeader(header)) skip(header.start, header.end);
    for (const entry of entries) {
      const { end } = entry.value;
      if (isIn(part, entry.start, end) && edited.takesEntry(entry, header)) skip(entry.start, end);
    }
  }
  keepUpTo(part.end);
  return lines;
}

/** Where the line ends that the offset is on, its newline included. */
function lineEnd(text: string, offset: number): number {
  const newline = text.indexOf('\n', offset);
  return newline < 0 ? text.length : newline + 1;
}

interface KeyNode {
  isEdited: boolean;
  readonly below: Map<string, KeyNode>;
}

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

  takesHeader({ key }: HeaderNode): boolean {
    return this.#find(key, this.#root)?.isEdited ?? false;
  }

  /** The key itself was edited, or one above it, or one in its inline table. */
  takesEntry({ key }: EntryNode, header: HeaderNode | undefined): boolean {
    const section = header ? this.#find(header.key, this.#root) : this.#root;
    return section !== undefined && this.#find(key, section) !== undefined;
  }

  /** The node of a key, or the first on the way to it that was edited as a whole. */
  #find(key: readonly string[], from: KeyNode): KeyNode | undefined {
    let node: KeyNode | undefined = from;
    for (const part of key) {
      if (node === undefined || node.isEdited) return node;
      node = node.below.get(part);
    }
    return node;
  }
}
