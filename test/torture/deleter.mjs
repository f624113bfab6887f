// Removes lock files, again and again until it is time. Prints how many it met.
//
//   deleter.mjs TASK      JSON: { paths, everyMs }

import { unlinkSync } from 'node:fs';
import { setPriority } from 'node:os';
import { untilWhen } from './start.mjs';

const { paths, everyMs } = JSON.parse(process.argv[2]);
const clock = new Int32Array(new SharedArrayBuffer(4));
let removed = 0;
try {
  // As often as can be, however many writers keep the processors busy.
  setPriority(-19);
} catch {
  // Only root may.
}
const until = await untilWhen();

while (Date.now() < until) {
  for (const path of paths) {
    try {
      unlinkSync(path);
      removed++;
    } catch {
      // Nobody has made it anew yet.
    }
  }
  // Finer than a timer.
  Atomics.wait(clock, 0, 0, everyMs);
}
console.log(removed);
