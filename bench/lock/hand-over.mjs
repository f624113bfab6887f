// How long it takes from the release in one process to the callback of the waiter in another.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Long enough for the waiter to be blocked, whatever it does first. */
const SETTLE_MS = 3;

/** The microseconds of each of `rounds` hand-overs of the lock file at `path`. */
export async function handOver(library, path, rounds) {
  let [holder, waiter] = [startParty(library, path), startParty(library, path)];
  try {
    await holder.told('acquire');
    const times = [];
    for (let round = 0; round < rounds; round++) {
      const acquired = waiter.told('acquire');
      await sleep(SETTLE_MS);
      const [releasedAt, acquiredAt] = await Promise.all([holder.told('release'), acquired]);
      times.push(Number(acquiredAt - releasedAt) / 1000);
      [holder, waiter] = [waiter, holder];
    }
    return times;
  } finally {
    for (const { child } of [holder, waiter]) child.kill();
  }
}

function startParty(library, path) {
  const child = fork(join(import.meta.dirname, 'hand-over-party.mjs'), [library.name, path]);
  return {
    child,
    /** When it had done what it was told, on the monotonic clock that all processes share, in nanoseconds. */
    async told(order) {
      const answer = once(child, 'message');
      child.send(order);
      const [at] = await answer;
      return BigInt(at);
    },
  };
}
