import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Hashes files by path and content: the SHA-256 of each path, a NUL and the SHA-256 of the file's bytes, in the order
 * of the paths' code units. A checkout with CRLF line ends gives the same hash.
 *
 * @param root - The folder that the paths are relative to.
 * @param files - Paths with forward slashes.
 * @returns The hash in hexadecimal.
 */
export function hashFiles(root, files) {
  const whole = createHash('sha256');
  // Array.prototype.sort compares code units, so the order does not depend on the locale.
  for (const file of [...files].sort()) {
    const text = readFileSync(join(root, file), 'latin1').replaceAll('\r\n', '\n');
    whole.update(`${file}\0`).update(createHash('sha256').update(text, 'latin1').digest());
  }
  return whole.digest('hex');
}
