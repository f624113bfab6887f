const localDateTime = String.raw`\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?`;

// Each pattern matches a valid date or time that `@iarna/toml` refuses in its place.
const refusedDates: readonly RegExp[] = [
  // A lower-case t or z.
  /\d{4}-\d\d-\d\dt\d\d:/,
  /:\d\d(?:\.\d+)?z/,
  // A time without seconds. The lookbehind passes over an offset.
  /(?<![\d:+-])\d\d:\d\d(?![:\d])/,
  // A local date-time, or a local time with a fraction, right before a comma or a closing bracket.
  new RegExp(`(?:${localDateTime}|\\d\\d:\\d\\d:\\d\\d\\.\\d+)[,\\]}]`),
  // A local date in the same place, even with one space between them.
  /\d{4}-\d\d-\d\d ?[,\]}]/,
  // A local time in whole seconds. The parser drops the character after it, so that character must not matter.
  /(?<!\d{4}-\d\d-\d\d[Tt ])(?<![\d:+-])\d\d:\d\d:\d\d(?:[#\]}]|,(?!(?:\s|#.*\n)*\])|\n[\t ]*[^\s#,\]}])/,
];

/**
 * True if `@iarna/toml` can read every date and time in a valid TOML text whose lines end with \n. Text in a string or a
 * comment that looks like a date counts as one.
 */
export function canIarnaReadDates(text: string): boolean {
  return !refusedDates.some((pattern) => pattern.test(text));
}
