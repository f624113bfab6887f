// One process of several that write one config.
//
//   writer.mjs LIBRARY DIRECTORY NAME COUNT|RUN_MSms      started by ../contenders.mjs
//
// COUNT: sets so many keys of its own. RUN_MS: sets one key again and again for as long, once its code is warm.

import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { startTogether } from '../contenders.mjs';
import { libraryNamed } from './libraries.mjs';

const WARMING_SETS = 1000;

const [, , library, directory, name, amount] = process.argv;
const store = await libraryNamed(library).opens(directory);
const runMs = amount.endsWith('ms') ? Number.parseInt(amount, 10) : undefined;

if (runMs !== undefined) {
  const own = await libraryNamed(library).opens(mkdtempSync(join(directory, 'warming-')));
  for (let number = 0; number < WARMING_SETS; number++) await own.set(name, number);
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
