// How many times per second one process acquires and releases a lock that no other process wants.

import { execFileSync } from 'node:child_process';
import { lockSync } from './libraries.mjs';

const BATCH_MS = 300;
const C_CYCLES = 100_000;

/** Calls that are awaited one after the other. */
export async function asyncPerSecond(library, path) {
  const acquire = library.open(path);
  const start = performance.now();
  let calls = 0;
  for (; performance.now() - start < BATCH_MS; calls++) await (await acquire())();
  return (calls / (performance.now() - start)) * 1000;
}

/** Calls of lockSync. */
export function syncPerSecond(path) {
  const start = performance.now();
  let calls = 0;
  for (; performance.now() - start < BATCH_MS; calls++) lockSync(path).release();
  return (calls / (performance.now() - start)) * 1000;
}

/** The system calls alone: open, flock, close. */
export function cPerSecond(program, path) {
  return Number(execFileSync(program, [path, String(C_CYCLES)]));
}
