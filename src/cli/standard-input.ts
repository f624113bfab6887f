import { ZjjError } from '../errors.js';

/**
 * Reads a value from standard input: all of it, less one line break at the end, which `echo` adds.
 *
 * @throws ZjjError INVALID_VALUE: it is not UTF-8.
 */
export async function readStandardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return decode(Buffer.concat(chunks)).replace(/\r?\n$/, '');
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ZjjError('INVALID_VALUE', 'The value on standard input is not UTF-8.', { cause });
  }
}
