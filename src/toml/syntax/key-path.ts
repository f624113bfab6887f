import { ZjjError } from '../../errors.js';
import { hasLoneSurrogate, quoteBasic } from './escape.js';
import { type KeyToken, readKey } from './key-reader.js';
import { SyntaxFault } from './syntax.js';

/**
 * The name of a value. A string is a TOML key path, with dots and quotes: `a."b.c"` is the key `b.c` in the table `a`.
 * An array holds the parts as they are, without quotes or escapes, so a part can be any string.
 *
 * @see https://toml.io/en/v1.0.0#keys
 */
export type Key = string | readonly [string, ...string[]];

const bare = /^[A-Za-z0-9_-]+$/;

/**
 * Splits a key into its parts.
 *
 * @param key A key path as it is written in a TOML file, or its parts.
 * @returns At least one part.
 * @throws {ZjjError} INVALID_KEY: the message says which character of the key is wrong, and why.
 * @example
 * parseKey('servers."example.org".port') // ['servers', 'example.org', 'port']
 */
export function parseKey(key: Key): readonly string[] {
  if (typeof key === 'string') return bare.test(key) ? [key] : parsePath(key);
  if (!Array.isArray(key)) throw new ZjjError('INVALID_KEY', 'A key must be a string or an array of strings');
  const parts: readonly unknown[] = key;
  if (parts.length === 0) throw new ZjjError('INVALID_KEY', 'A key must have at least one part');
  // Not map(), which skips the holes of a sparse array.
  return Array.from(parts, (part) => {
    if (typeof part !== 'string') throw new ZjjError('INVALID_KEY', 'Every part of a key must be a string');
    refuseLoneSurrogate(part);
    return part;
  });
}

function parsePath(path: string): readonly string[] {
  if (path.trim() === '') throw invalidKey(path, 'it is empty');
  refuseLoneSurrogate(path);
  const { parts, end, isComplete } = readWholePath(path);
  if (isComplete && end === path.length) return parts;
  const character = path.codePointAt(end);
  if (!isComplete && (character === undefined || path[end] === '.')) {
    throw invalidKey(path, `a part is missing at character ${end + 1}`);
  }
  const found = `unexpected ${quoteBasic(String.fromCodePoint(character ?? 0))} at character ${end + 1}`;
  throw invalidKey(path, `${found}; a part needs quotes unless it has only A-Z, a-z, 0-9, _ and -`);
}

function readWholePath(path: string): KeyToken {
  try {
    return readKey(path, 0);
  } catch (error) {
    if (!(error instanceof SyntaxFault)) throw error;
    const reason = error.message.charAt(0).toLowerCase() + error.message.slice(1);
    throw invalidKey(path, `${reason} at character ${error.offset + 1}`);
  }
}

function refuseLoneSurrogate(text: string): void {
  if (hasLoneSurrogate(text)) throw invalidKey(text, 'it contains a lone surrogate');
}

function invalidKey(key: string, reason: string): ZjjError {
  return new ZjjError('INVALID_KEY', `Invalid key ${JSON.stringify(key)}: ${reason}`);
}

/**
 * Returns the shortest TOML key path for the parts. A part that cannot be bare is in double quotes.
 *
 * @example
 * formatKey(['servers', 'example.org']) // 'servers."example.org"'
 */
export function formatKey(parts: readonly string[]): string {
  return parts.map((part) => (bare.test(part) ? part : quoteBasic(part))).join('.');
}

/**
 * Finds the character that ends the key path at the start of a text. The same character within quotes does not count.
 * The path before it may still be invalid: {@link parseKey} reports that.
 *
 * @param terminator The character that ends the path, such as `=`.
 * @returns Its offset; -1 if nothing ends the path.
 * @example
 * findKeyEnd('"a=b".c=1', '=') // 7
 */
export function findKeyEnd(text: string, terminator: string): number {
  try {
    for (let offset = 0; ; ) {
      const { end } = readKey(text, offset);
      if (text[end] === terminator) return end;
      if (end === text.length) return -1;
      // This character makes the path invalid, but quotes may still follow it.
      offset = Math.max(end, offset + 1);
    }
  } catch (error) {
    if (error instanceof SyntaxFault) return text.indexOf(terminator, error.offset);
    throw error;
  }
}
