import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';
import { lockSync } from '../../../src/lock/index.js';

/** Fills a directory once per test run. The first test file that asks fills it; the others wait. Returns its path. */
export function oncePerRun(name: string, fill: (directory: string) => void): string {
  const directory = join(inject('runDirectory'), name);
  const marker = `${directory}.filled`;
  const held = lockSync(`${directory}.lock`);
  try {
    if (!existsSync(marker)) {
      rmSync(directory, { recursive: true, force: true });
      mkdirSync(directory);
      fill(directory);
      writeFileSync(marker, '');
    }
  } finally {
    held.release();
  }
  return directory;
}
