// How many times per second several processes acquire one lock, and the longest wait of any of them.

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
    // The turns of the busiest process divided by those of the least busy.
    spread: Math.max(...turns) / Math.min(...turns),
  };
}
