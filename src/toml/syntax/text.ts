const loneSurrogate = /\p{Surrogate}/u;
const special = /["\\\p{Cc}]/gu;
const shortEscapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\f': '\\f',
  '\r': '\\r',
};

/** Half of a surrogate pair cannot be written as UTF-8, so neither a key nor a string may hold one. */
export function hasLoneSurrogate(text: string): boolean {
  return loneSurrogate.test(text);
}

/** A basic string, with no escape that TOML 1.0 lacks. */
export function quoteBasic(text: string): string {
  return `"${text.replace(special, (character) => shortEscapes[character] ?? unicodeEscape(character))}"`;
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
}
