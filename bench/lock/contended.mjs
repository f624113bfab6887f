// How many times a second some processes get one lock, and how long the unluckiest of them ever waited for it.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export const RUN_MS = 2000;

/** One run of a library: `processes` contend for the lock file at `path` and hold it for `holdMs`. */
export async function contend(library, path, processes, holdMs) {
  const contenders = Array.from({ length: processes }, () => {
    const args = [join(import.meta.dirname, 'contender.mjs'), library.name, path, String(holdMs), String(RUN_MS)];
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
  });
  for (const { lines } of contenders) {
    const { value } = await lines.next();
    if (value !== 'ready') throw new Error(`${library.name} did not start`);
  }
  const start = Date.now() + 200;
  for (const { child } of contenders) child.stdin.write(`${start}\n`);
  const results = await Promise.all(contenders.map(async ({ lines }) => JSON.parse((await lines.next()).value)));
  await Promise.all(contenders.map(({ child }) => child.exitCode ?? once(child, 'exit')));
  const turns = results.map((result) => result.turns);
  return {
    perSecond: results.reduce((sum, result) => sum + (result.turns / result.ms) * 1000, 0),
    longestWaitMs: Math.max(...results.map((result) => result.longestWaitMs)),
    // Of the busiest process to the least busy one.
    spread: Math.max(...turns) / Math.min(...turns),
  };
}
