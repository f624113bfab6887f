// How many times a second some processes get one lock, and how long the unluckiest of them ever waited for it.

import { join } from 'node:path';
import { contendAll } from '../contenders.mjs';

export const RUN_MS = 2000;

/** One run of a library: `processes` contend for the lock file at `path` and hold it for `holdMs`. */
export async function contend(library, path, processes, holdMs) {
  const args = [library.name, path, String(holdMs), String(RUN_MS)];
  const results = await contendAll(join(import.meta.dirname, 'contender.mjs'), Array(processes).fill(args));
  const turns = results.map((result) => result.turns);
  return {
    perSecond: results.reduce((sum, result) => sum + (result.turns / result.ms) * 1000, 0),
    longestWaitMs: Math.max(...results.map((result) => result.longestWaitMs)),
    // Of the busiest process to the least busy one.
    spread: Math.max(...turns) / Math.min(...turns),
  };
}
