/** An escape in a basic string. */
export interface Escape {
  /** As it is written, without the backslash. */
  readonly written: string;
  /** Undefined: it stands for none. */
  readonly character: string | undefined;
  /** Whether there is such an escape at all, apart from its digits. */
  readonly isKnown: boolean;
}

const hexadecimal = /^[0-9A-Fa-f]+$/;
const digitCounts: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };
const characters: Readonly<Record<string, string>> = {
  b: '\b',
  t: '\t',
  n: '\n',
  f: '\f',
  r: '\r',
  e: '\x1b',
  '"': '"',
  '\\': '\\',
};

/**
 * The escape whose backslash stands right before the offset.
 *
 * @see https://toml.io/en/v1.1.0#string
 */
export function readEscape(text: string, offset: number): Escape {
  const letter = text[offset] ?? '';
  const count = digitCounts[letter];
  if (count === undefined) {
    const character = characters[letter];
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
