import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';
import { lockSync } from '../../../src/lock/index.js';

/** Has a directory filled once in a run of the tests, whichever file asks for it first; the others wait. */
export function oncePerRun(name: string, fill: (directory: string) => void): string {
  const directory = join(inject('runDirectory'), name);
  const isFilled = `${directory}.filled`;
  const held = lockSync(`${directory}.lock`);
  try {
    if (!existsSync(isFilled)) {
      rmSync(directory, { recursive: true, force: true });
      mkdirSync(directory);
      fill(directory);
      writeFileSync(isFilled, '');
    }
  } finally {
    held.release();
  }
  return directory;
}
