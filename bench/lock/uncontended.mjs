// How often a second one process takes a lock that nobody else wants, and gives it back.

import { execFileSync } from 'node:child_process';
import { lockSync } from './libraries.mjs';

const BATCH_MS = 300;
const C_CYCLES = 100_000;

/** Awaited calls, one after the other. */
export async function asyncPerSecond(library, path) {
  const acquire = library.opens(path);
  const start = performance.now();
  let calls = 0;
  for (; performance.now() - start < BATCH_MS; calls++) await (await acquire())();
  return (calls / (performance.now() - start)) * 1000;
}

/** zjj's lockSync. */
export function syncPerSecond(path) {
  const start = performance.now();
  let calls = 0;
  for (; performance.now() - start < BATCH_MS; calls++) lockSync(path).release();
  return (calls / (performance.now() - start)) * 1000;
}

/** What the system calls alone could do: open, flock, close. */
export function cPerSecond(program, path) {
  return Number(execFileSync(program, [path, String(C_CYCLES)]));
}
