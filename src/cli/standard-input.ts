import { readSync } from 'node:fs';
import { ZjjError } from '../errors.js';

const stdin = 0;

/**
 * Reads a value from standard input: all of it, less one line break at the end, which `echo` adds. Synchronously, for
 * process.stdin ends without an error where the descriptor cannot be read, and the value would become empty.
 *
 * @throws ZjjError INVALID_VALUE: it is not UTF-8. The system's own error: it cannot be read.
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
      // Windows says so at the end of a pipe.
      if (code === 'EOF') return buffer.subarray(0, 0);
      if (code !== 'EAGAIN') throw error;
      // Somebody else made it non-blocking, and nothing is there yet.
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
