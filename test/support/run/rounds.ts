/** How often to do what is done very often: less where each time takes long, as scripts/test/test-platforms.mjs says of an emulator. */
export function rounds(number: number): number {
  return Math.ceil(number / Number(process.env['ZJJ_FEWER'] ?? 1));
}
