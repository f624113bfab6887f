// One of several processes that write one config.
//
//   writer.mjs LIBRARY DIRECTORY NAME COUNT|RUN_MSms      started by ../contenders.mjs
//
// COUNT: sets that many keys of its own. RUN_MS: warms up, then sets one key in a loop for that time.

import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { startTogether } from '../contenders.mjs';
import { findLibrary } from './libraries.mjs';

const WARM_UP_SETS = 1000;

const [, , library, directory, name, amount] = process.argv;
const store = await findLibrary(library).open(directory);
const runMs = amount.endsWith('ms') ? Number.parseInt(amount, 10) : undefined;

if (runMs !== undefined) {
  const own = await findLibrary(library).open(mkdtempSync(join(directory, 'warm-up-')));
  for (let number = 0; number < WARM_UP_SETS; number++) await own.set(name, number);
}
await startTogether();

let sets = 0;
let failed = 0;
let longestMs = 0;
const start = performance.now();
for (let now = start; runMs === undefined ? sets + failed < Number(amount) : now - start < runMs; ) {
  try {
    await store.set(runMs === undefined ? `${name}_${sets + failed}` : name, sets);
    sets++;
  } catch {
    failed++;
  }
  const end = performance.now();
  longestMs = Math.max(longestMs, end - now);
  now = end;
}
console.log(JSON.stringify({ name, sets, failed, longestMs, ms: performance.now() - start }));
