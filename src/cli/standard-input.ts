import { readSync } from 'node:fs';
import { ZjjError } from '../errors.js';

const stdin = 0;

/**
 * Reads a value from standard input, to the end. Removes one line break at the end, because `echo` adds one. The reads
 * are synchronous: if the descriptor cannot be read, process.stdin ends without an error, and the value would be empty.
 *
 * @throws ZjjError INVALID_VALUE: the input is not UTF-8. The system's error: standard input cannot be read.
 */
export function readStandardInput(): string {
  const chunks: Buffer[] = [];
  for (let chunk = readChunk(); chunk.length > 0; chunk = readChunk()) chunks.push(chunk);
  return decode(Buffer.concat(chunks)).replace(/\r?\n$/, '');
}

function readChunk(): Buffer {
  const buffer = Buffer.allocUnsafe(65_536);
  for (;;) {
    try {
      return buffer.subarray(0, readSync(stdin, buffer));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // Windows reports the end of a pipe like this.
      if (code === 'EOF') return buffer.subarray(0, 0);
      if (code !== 'EAGAIN') throw error;
      // Another program made the descriptor non-blocking, and it has no data yet.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ZjjError('INVALID_VALUE', 'The value on standard input is not UTF-8.', { cause });
  }
}
