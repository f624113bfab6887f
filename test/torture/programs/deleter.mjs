// Removes lock files again and again until the round ends. Prints how many it removed.
//
//   deleter.mjs TASK      JSON: { paths, everyMs }

import { unlinkSync } from 'node:fs';
import { setPriority } from 'node:os';
import { waitForStart } from './start.mjs';

const { paths, everyMs } = JSON.parse(process.argv[2]);
const clock = new Int32Array(new SharedArrayBuffer(4));
let removed = 0;
try {
  // Many writers keep the processors busy.
  setPriority(-19);
} catch {
  // Only root may.
}
const endTime = await waitForStart();

while (Date.now() < endTime) {
  for (const path of paths) {
    try {
      unlinkSync(path);
      removed++;
    } catch {
      // Nobody has created a new one yet.
    }
  }
  // Finer than setTimeout.
  Atomics.wait(clock, 0, 0, everyMs);
}
console.log(removed);
