/**
 * Returns the offset after the text that a sticky pattern matches at `offset`, or `offset` itself if it does not match.
 */
export function skip(text: string, offset: number, pattern: RegExp): number {
  pattern.lastIndex = offset;
  return pattern.test(text) ? pattern.lastIndex : offset;
}
