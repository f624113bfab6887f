import { isSame, type Typed } from '../syntax/typed.js';
import type { Entry } from './model.js';
import { textOf } from './pieces.js';

/**
 * Gives a new value the style of the value that it replaces: a float stays a float, a literal string a literal string.
 *
 * @param isNumber True if the new value was a JavaScript number. Only then can an integer become a float.
 * @returns The value to write; undefined if the text does not have to change.
 */
export function restyle(value: Typed, old: Typed, entry: Entry, isNumber: boolean): Typed | undefined {
  const typed: Typed =
    isNumber && old.type === 'float' && value.type === 'integer' ? { type: 'float', value: value.value } : value;
  const text = textOf(entry.firstValue, entry.lastValue);
  if (isSame(typed, old) && (!hasOwnText(typed) || typed.text === text)) return undefined;
  if (typed.type !== 'string' || typed.text !== undefined || !isLiteralString(text)) return typed;
  const string = String(typed.value);
  // A literal string has no escapes, so it can hold neither its own quote nor a control character other than the tab.
  return /['\p{Cc}]/u.test(string.replaceAll('\t', '')) ? typed : { ...typed, text: `'${string}'` };
}

/** True if the caller chose the notation of the value, or of a value in it. */
function hasOwnText(typed: Typed): boolean {
  if (typed.text !== undefined) return true;
  if (typed.type === 'array') return typed.items.some(hasOwnText);
  return typed.type === 'table' && Array.from(typed.members.values()).some(hasOwnText);
}

function isLiteralString(text: string): boolean {
  return text.startsWith("'") && !text.startsWith("'''");
}
