/** An escape sequence of a basic string. */
export interface Escape {
  /** The sequence as it is written, without the backslash. */
  readonly written: string;
  /** The character that it stands for; undefined if the sequence is invalid. */
  readonly character: string | undefined;
  /** True if the letter after the backslash begins an escape, whether or not valid digits follow. */
  readonly isKnown: boolean;
}

const hexadecimal = /^[0-9A-Fa-f]+$/;
const digitCounts: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };
const escapedCharacters: Readonly<Record<string, string>> = {
  b: '\b',
  t: '\t',
  n: '\n',
  f: '\f',
  r: '\r',
  e: '\x1b',
  '"': '"',
  '\\': '\\',
};
// TOML 1.0 has no \e, so it is read but never written.
const shortEscapes: ReadonlyMap<string, string> = new Map(
  Object.entries(escapedCharacters)
    .filter(([letter]) => letter !== 'e')
    .map(([letter, character]) => [character, `\\${letter}`]),
);
const loneSurrogate = /\p{Surrogate}/u;
const needsEscape = /["\\\p{Cc}]/gu;
const maxExcerptLength = 60;

/**
 * Reads the escape sequence whose backslash is right before the offset.
 *
 * @see https://toml.io/en/v1.1.0#string
 */
export function readEscape(text: string, offset: number): Escape {
  const letter = text[offset] ?? '';
  const count = digitCounts[letter];
  if (count === undefined) {
    const character = escapedCharacters[letter];
    return { written: letter, character, isKnown: character !== undefined };
  }
  const digits = text.slice(offset + 1, offset + 1 + count);
  const codePoint = hexadecimal.test(digits) && digits.length === count ? Number.parseInt(digits, 16) : -1;
  const isCharacter = codePoint >= 0 && codePoint <= 0x10ffff && (codePoint < 0xd800 || codePoint > 0xdfff);
  return {
    written: letter + digits,
    character: isCharacter ? String.fromCodePoint(codePoint) : undefined,
    isKnown: true,
  };
}

/**
 * Replaces every character that a pattern matches by its TOML escape: a short one such as `\n`, or `\uXXXX`. JSON reads
 * these escapes too.
 *
 * @param characters A global pattern that matches one UTF-16 code unit at a time.
 */
export function escapeCharacters(text: string, characters: RegExp): string {
  return text.replace(characters, (character) => shortEscapes.get(character) ?? unicodeEscape(character));
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
}

/** Writes a text as a basic string, using only the escapes of TOML 1.0. */
export function quoteBasic(text: string): string {
  return `"${escapeCharacters(text, needsEscape)}"`;
}

/** Quotes a text for a message, cut to 60 characters. */
export function quoteExcerpt(text: string): string {
  return JSON.stringify(text.length > maxExcerptLength ? `${text.slice(0, maxExcerptLength - 1)}…` : text);
}

/** True if the text contains half of a surrogate pair. UTF-8 cannot encode that, so no key or string may have it. */
export function hasLoneSurrogate(text: string): boolean {
  return loneSurrogate.test(text);
}
