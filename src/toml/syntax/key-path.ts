import { ZjjError } from '../../errors.js';
import { readEscape } from './escape.js';
import { hasLoneSurrogate, quoteBasic } from './text.js';

/**
 * Names a value. A string is a TOML key path, dots and quotes included: `a."b.c"` is `c`-with-a-dot under `a`. An array
 * is taken part by part, unparsed, so any string will do.
 *
 * @see https://toml.io/en/v1.0.0#keys
 */
export type Key = string | readonly [string, ...string[]];

const bare = /^[A-Za-z0-9_-]+$/;
const bareAhead = /[A-Za-z0-9_-]+/y;
const spaceAhead = /[ \t]*/y;

/**
 * The parts of a key.
 *
 * @param key A key path as in a TOML file, or its parts.
 * @returns At least one part.
 * @throws {ZjjError} INVALID_KEY: says which character of the key is wrong, and why.
 * @example
 * parseKey('servers."example.org".port') // ['servers', 'example.org', 'port']
 */
export function parseKey(key: Key): readonly string[] {
  if (typeof key === 'string') return bare.test(key) ? [key] : new PathReader(key).read();
  if (!Array.isArray(key)) throw new ZjjError('INVALID_KEY', 'A key is a string or an array of strings');
  const parts: readonly unknown[] = key;
  if (parts.length === 0) throw new ZjjError('INVALID_KEY', 'A key needs at least one part');
  return Array.from(parts, (part) => {
    if (typeof part !== 'string') throw new ZjjError('INVALID_KEY', 'Every part of a key is a string');
    if (hasLoneSurrogate(part)) throw invalid(part, 'half of a surrogate pair is no character');
    return part;
  });
}

/**
 * The shortest TOML key path of some parts: bare where it can be, else in double quotes.
 *
 * @example
 * formatKey(['servers', 'example.org']) // 'servers."example.org"'
 */
export function formatKey(parts: readonly string[]): string {
  return parts.map((part) => (bare.test(part) ? part : quoteBasic(part))).join('.');
}

class PathReader {
  readonly #key: string;
  #position = 0;

  constructor(key: string) {
    this.#key = key;
  }

  read(): string[] {
    if (this.#key.trim() === '') throw this.#error('it is empty');
    if (hasLoneSurrogate(this.#key)) throw this.#error('half of a surrogate pair is no character');
    const parts: string[] = [];
    do {
      this.#match(spaceAhead);
      parts.push(this.#part());
      this.#match(spaceAhead);
    } while (this.#eat('.'));
    if (this.#position < this.#key.length) throw this.#unexpected();
    return parts;
  }

  #part(): string {
    if (this.#eat('"')) return this.#basic();
    if (this.#eat("'")) return this.#literal();
    const part = this.#match(bareAhead);
    if (part !== '') return part;
    const character = this.#key[this.#position];
    if (character === undefined || character === '.') {
      throw this.#error(`a part is missing at character ${this.#position + 1}`);
    }
    throw this.#unexpected();
  }

  #literal(): string {
    const start = this.#position;
    while (!this.#eat("'")) this.#next();
    return this.#key.slice(start, this.#position - 1);
  }

  #basic(): string {
    let part = '';
    while (!this.#eat('"')) {
      const character = this.#next();
      part += character === '\\' ? this.#escape() : character;
    }
    return part;
  }

  #escape(): string {
    // Also the letter must be one that may stand in a key.
    const start = this.#position;
    this.#next();
    const { written, character, isKnown } = readEscape(this.#key, start);
    if (!isKnown) throw this.#error(`there is no escape \\${written}`);
    if (character === undefined) throw this.#error(`\\${written} is no character`);
    this.#position = start + written.length;
    return character;
  }

  /** The next character of a quoted part. */
  #next(): string {
    const character = this.#key[this.#position];
    if (character === undefined) throw this.#error('a quote is not closed');
    if ((character < ' ' && character !== '\t') || character === '\x7f') throw this.#unexpected();
    this.#position += 1;
    return character;
  }

  #eat(character: string): boolean {
    if (this.#key[this.#position] !== character) return false;
    this.#position += 1;
    return true;
  }

  #match(ahead: RegExp): string {
    ahead.lastIndex = this.#position;
    const found = ahead.exec(this.#key)?.[0] ?? '';
    this.#position += found.length;
    return found;
  }

  #unexpected(): ZjjError {
    const character = String.fromCodePoint(this.#key.codePointAt(this.#position) ?? 0);
    return this.#error(`${quoteBasic(character)} at character ${this.#position + 1} needs quotes or is not allowed`);
  }

  #error(reason: string): ZjjError {
    return invalid(this.#key, reason);
  }
}

function invalid(key: string, reason: string): ZjjError {
  return new ZjjError('INVALID_KEY', `Invalid key ${JSON.stringify(key)}: ${reason}`);
}
