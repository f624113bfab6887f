import { parseString } from './parse-string.js';
import { skip } from './skip.js';
import { tooDeep } from './syntax.js';

/** A dotted key that was read from a text. */
export interface KeyToken {
  readonly parts: readonly string[];
  /** The offset at which each part starts. */
  readonly starts: readonly number[];
  /** The offset of the first character that is not part of the key; spaces around the key are part of it. */
  readonly end: number;
  /** False if a part is missing at `end`: at the start of the key, or after a dot. */
  readonly isComplete: boolean;
  /** True if the key has an escape that TOML 1.0 lacks. */
  readonly isToml11: boolean;
}

const spaces = /[ \t]*/y;
const bareCharacters = /[A-Za-z0-9_-]+/y;

/**
 * Reads a dotted key up to the first character that cannot belong to it. The caller reports that character, or the
 * missing part.
 *
 * @param maxParts How many parts the key may have.
 * @throws {SyntaxFault} A quoted part is invalid, or the key has more than `maxParts` parts.
 * @see https://toml.io/en/v1.1.0#keys
 */
export function readKey(text: string, start: number, maxParts = Number.POSITIVE_INFINITY): KeyToken {
  const parts: string[] = [];
  const starts: number[] = [];
  let isToml11 = false;
  let end = start;
  for (;;) {
    const partStart = skip(text, end, spaces);
    if (parts.length >= maxParts) throw tooDeep(partStart);
    starts.push(partStart);
    const character = text[partStart];
    if (character === '"' || character === "'") {
      const part = parseString(text, partStart, true);
      parts.push(part.value);
      isToml11 ||= part.isToml11;
      end = part.end;
    } else {
      end = skip(text, partStart, bareCharacters);
      if (end === partStart) return { parts, starts, end, isComplete: false, isToml11 };
      parts.push(text.slice(partStart, end));
    }
    end = skip(text, end, spaces);
    if (text[end] !== '.') return { parts, starts, end, isComplete: true, isToml11 };
    end += 1;
  }
}
