// One process of a contended run: acquires a lock, holds it and releases it in a loop.
//
//   contender.mjs LIBRARY PATH HOLD_MS RUN_MS      started by ../contenders.mjs

import { setTimeout as sleep } from 'node:timers/promises';
import { startTogether } from '../contenders.mjs';
import { findLibrary } from './libraries.mjs';

const [, , name, path, hold, run] = process.argv;
const holdMs = Number(hold);
const acquire = findLibrary(name).open(path);

await (await acquire())();
await startTogether();

let turns = 0;
let longestWaitMs = 0;
const start = performance.now();
const end = start + Number(run);
for (let now = start; now < end; turns++) {
  const release = await acquire();
  longestWaitMs = Math.max(longestWaitMs, performance.now() - now);
  if (holdMs > 0) await sleep(holdMs);
  await release();
  now = performance.now();
}
console.log(JSON.stringify({ turns, longestWaitMs, ms: performance.now() - start }));
