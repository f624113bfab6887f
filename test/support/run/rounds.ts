/** How many rounds a long loop runs. scripts/test/test-platforms.mjs sets ZJJ_FEWER to run fewer in a slow emulator. */
export function rounds(number: number): number {
  return Math.ceil(number / Number(process.env['ZJJ_FEWER'] ?? 1));
}
