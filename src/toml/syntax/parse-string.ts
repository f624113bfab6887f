import { escapeCharacters, quoteBasic, readEscape } from './escape.js';
import { skip } from './skip.js';
import { SyntaxFault } from './syntax.js';

/** A string that was read from a text, in any of the four notations. */
export interface StringToken {
  readonly value: string;
  readonly end: number;
  /** True if the string has an escape that TOML 1.0 lacks. */
  readonly isToml11: boolean;
}

// Each matches the characters that stand for themselves. A repeated group would use stack for every character, so none
// of these has one.
const basicCharacters = /[\t !#-[\]-~\x80-\uffff]*/y;
const literalCharacters = /[\t -&(-~\x80-\uffff]*/y;
const longBasicCharacters = /[\t\n\r !#-[\]-~\x80-\uffff]*/y;
const longLiteralCharacters = /[\t\n\r -&(-~\x80-\uffff]*/y;
const oneQuote = /["']/y;
const quotes = /"{1,5}|'{1,5}/y;
const firstNewline = /\r?\n/y;
const lineContinuation = /\\[ \t]*\r?\n[ \t\r\n]*/y;
const controls = /\p{Cc}/gu;

/**
 * Reads the string whose opening quote is at an offset. Throws {@link SyntaxFault}.
 *
 * @param isKey True if the string is part of a key, which cannot be a multi-line string.
 */
export function parseString(text: string, start: number, isKey: boolean): StringToken {
  const quote = text[start] ?? '';
  if (!text.startsWith(quote.repeat(3), start)) return new StringReader(text, start + 1, quote, false).read();
  if (isKey) throw new SyntaxFault('Multi-line string in a key', start);
  return new StringReader(text, skip(text, start + 3, firstNewline), quote, true).read();
}

class StringReader {
  readonly #text: string;
  readonly #quote: string;
  /** True for a multi-line string. */
  readonly #isLong: boolean;
  readonly #plainCharacters: RegExp;
  #position: number;
  #isToml11 = false;

  constructor(text: string, start: number, quote: string, isLong: boolean) {
    this.#text = text;
    this.#position = start;
    this.#quote = quote;
    this.#isLong = isLong;
    if (quote === '"') this.#plainCharacters = isLong ? longBasicCharacters : basicCharacters;
    else this.#plainCharacters = isLong ? longLiteralCharacters : literalCharacters;
  }

  read(): StringToken {
    let value = '';
    for (;;) {
      value += this.#plain();
      const character = this.#text[this.#position];
      if (character === this.#quote) {
        const found = this.#take(this.#isLong ? quotes : oneQuote);
        const isEnd = !this.#isLong || found.length >= 3;
        // A multi-line string may end with one or two quotes of its own before the three that close it.
        value += isEnd ? found.slice(3) : found;
        if (isEnd) return { value, end: this.#position, isToml11: this.#isToml11 };
      } else if (character === '\\' && this.#quote === '"') {
        value += this.#escape();
      } else {
        throw this.#fault(character);
      }
    }
  }

  #plain(): string {
    const plain = this.#take(this.#plainCharacters);
    // The value does not depend on how the file ends its lines.
    return this.#isLong && plain.includes('\r') ? plain.replaceAll('\r\n', '\n') : plain;
  }

  #escape(): string {
    if (this.#isLong && this.#take(lineContinuation) !== '') return '';
    const { written, character, isKnown } = readEscape(this.#text, this.#position + 1);
    if (character === undefined) {
      const shown = `\\${escapeCharacters(written, controls)}`;
      throw new SyntaxFault(`${isKnown ? 'Invalid' : 'Unknown'} escape ${shown}`, this.#position);
    }
    this.#isToml11 ||= written.startsWith('e') || written.startsWith('x');
    this.#position += 1 + written.length;
    return character;
  }

  #take(pattern: RegExp): string {
    const start = this.#position;
    this.#position = skip(this.#text, start, pattern);
    return this.#text.slice(start, this.#position);
  }

  #fault(character: string | undefined): SyntaxFault {
    if (character === undefined || character === '\n' || character === '\r') {
      return new SyntaxFault('Unterminated string', this.#position);
    }
    return new SyntaxFault(`Control character ${quoteBasic(character)} in a string`, this.#position);
  }
}
