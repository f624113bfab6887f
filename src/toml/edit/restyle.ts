import { isSame, type Typed } from '../syntax/typed.js';
import type { Entry } from './model.js';
import { textBetween } from './pieces.js';

/**
 * A new value in the style of the one whose place it takes: a float stays a float, a literal string a literal string.
 *
 * @returns Undefined if nothing has to change.
 */
export function restyle(value: Typed, old: Typed, entry: Entry, isNumber: boolean): Typed | undefined {
  const typed: Typed =
    isNumber && old.type === 'float' && value.type === 'integer' ? { type: 'float', value: value.value } : value;
  const text = textBetween(entry.firstValue, entry.lastValue);
  if (isSame(typed, old) && (!isWritten(typed) || typed.text === text)) return undefined;
  if (typed.type !== 'string' || typed.text !== undefined || !isLiteralString(text)) return typed;
  const string = String(typed.value);
  // A literal string has no escapes: it can hold no quote of its own, and no control character but the tab.
  return /['\p{Cc}]/u.test(string.replaceAll('\t', '')) ? typed : { ...typed, text: `'${string}'` };
}

/** True if the value, or one in it, came with its text. */
function isWritten(typed: Typed): boolean {
  if (typed.text !== undefined) return true;
  if (typed.type === 'array') return typed.items.some(isWritten);
  return typed.type === 'table' && Array.from(typed.members.values()).some(isWritten);
}

function isLiteralString(text: string): boolean {
  return text.startsWith("'") && !text.startsWith("'''");
}
