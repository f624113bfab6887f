import { readEscape } from './escape.js';
import { SyntaxFault } from './syntax.js';

/** A string of any of the four forms, and where it ends. */
export interface StringToken {
  readonly value: string;
  readonly end: number;
  /** It has an escape that TOML 1.1 brought. */
  readonly isToml11: boolean;
}

// Each takes what needs no look. None has a repeated group: that would take stack for every character.
const basicAhead = /[\t !#-[\]-~\x80-\uffff]*/y;
const literalAhead = /[\t -&(-~\x80-\uffff]*/y;
const longBasicAhead = /[\t\n\r !#-[\]-~\x80-\uffff]*/y;
const longLiteralAhead = /[\t\n\r -&(-~\x80-\uffff]*/y;
const quotesAhead = /"{1,5}|'{1,5}/y;
const firstNewlineAhead = /\r?\n/y;
const lineContinuation = /\\[ \t]*\r?\n[ \t\r\n]*/y;

/** The string that begins at an offset, where a quote is. Throws {@link SyntaxFault}. */
export function parseString(text: string, start: number, isKey: boolean): StringToken {
  const quote = text[start] ?? '';
  if (!text.startsWith(quote.repeat(3), start)) return new StringReader(text, start + 1, quote, false).read();
  if (isKey) throw new SyntaxFault('A key cannot be a string of several lines', start);
  const newline = match(firstNewlineAhead, text, start + 3);
  return new StringReader(text, start + 3 + newline.length, quote, true).read();
}

function match(ahead: RegExp, text: string, offset: number): string {
  ahead.lastIndex = offset;
  return ahead.exec(text)?.[0] ?? '';
}

class StringReader {
  readonly #text: string;
  readonly #quote: string;
  readonly #isLong: boolean;
  readonly #ahead: RegExp;
  #position: number;
  #isToml11 = false;

  constructor(text: string, start: number, quote: string, isLong: boolean) {
    this.#text = text;
    this.#position = start;
    this.#quote = quote;
    this.#isLong = isLong;
    if (quote === '"') this.#ahead = isLong ? longBasicAhead : basicAhead;
    else this.#ahead = isLong ? longLiteralAhead : literalAhead;
  }

  read(): StringToken {
    let value = '';
    for (;;) {
      value += this.#plain();
      const character = this.#text[this.#position];
      if (character === this.#quote) {
        const quotes = this.#isLong ? match(quotesAhead, this.#text, this.#position) : character;
        this.#position += quotes.length;
        const isEnd = !this.#isLong || quotes.length >= 3;
        // Up to two quotes may stand before the three that end it.
        value += isEnd ? quotes.slice(3) : quotes;
        if (isEnd) return { value, end: this.#position, isToml11: this.#isToml11 };
      } else if (character === '\\' && this.#quote === '"') {
        value += this.#escape();
      } else {
        throw this.#fault(character);
      }
    }
  }

  #plain(): string {
    const plain = match(this.#ahead, this.#text, this.#position);
    this.#position += plain.length;
    // What a line ends with in the file is no business of the value.
    return this.#isLong && plain.includes('\r') ? plain.replaceAll('\r\n', '\n') : plain;
  }

  #escape(): string {
    const continuation = this.#isLong ? match(lineContinuation, this.#text, this.#position) : '';
    this.#position += continuation.length;
    if (continuation !== '') return '';
    const { written, character, isKnown } = readEscape(this.#text, this.#position + 1);
    if (character === undefined) {
      throw new SyntaxFault(isKnown ? 'This escape is no character' : 'There is no such escape', this.#position);
    }
    this.#isToml11 ||= written.startsWith('e') || written.startsWith('x');
    this.#position += 1 + written.length;
    return character;
  }

  #fault(character: string | undefined): SyntaxFault {
    const isUnclosed = character === undefined || character === '\n' || character === '\r';
    return new SyntaxFault(isUnclosed ? 'A string is not closed' : 'A control character in a string', this.#position);
  }
}
