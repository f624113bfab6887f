// Runs several processes of one script that begin at the same moment.
//
// Each process prints `ready`, reads the start time from standard input (milliseconds since 1970), and prints a line of
// JSON at the end. `startTogether()` is the side of the process.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/** Long enough for the slowest of many processes to read the start time. */
const HEAD_START_MS = 200;

/** Runs the script once for each item of `listOfArguments` and returns the results. */
export async function contendAll(script, listOfArguments) {
  const contenders = listOfArguments.map((args) => {
    const child = spawn(process.execPath, [script, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
    return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
  });
  for (const { lines } of contenders) {
    const { value } = await lines.next();
    if (value !== 'ready') throw new Error(`${script} ${listOfArguments[0].join(' ')} did not start`);
  }
  const start = Date.now() + HEAD_START_MS;
  for (const { child } of contenders) child.stdin.write(`${start}\n`);
  const results = await Promise.all(contenders.map(async ({ lines }) => JSON.parse((await lines.next()).value)));
  await Promise.all(contenders.map(({ child }) => child.exitCode ?? once(child, 'exit')));
  return results;
}

/** Called by a contender: reports that it is ready, and resolves at the start time. */
export async function startTogether() {
  console.log('ready');
  const [line] = await once(process.stdin, 'data');
  process.stdin.destroy();
  await sleep(Number(line) - Date.now());
}
