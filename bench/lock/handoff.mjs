// The time from the release in one process to the callback of the waiter in another.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Long enough for the waiter to block, whatever it does first. */
const SETTLE_MS = 3;

/** Passes the lock at `path` back and forth `rounds` times. Returns the time of each handoff in microseconds. */
export async function measureHandoffs(library, path, rounds) {
  let [holder, waiter] = [startProcess(library, path), startProcess(library, path)];
  try {
    await holder.request('acquire');
    const times = [];
    for (let round = 0; round < rounds; round++) {
      const acquired = waiter.request('acquire');
      await sleep(SETTLE_MS);
      const [releasedAt, acquiredAt] = await Promise.all([holder.request('release'), acquired]);
      times.push(Number(acquiredAt - releasedAt) / 1000);
      [holder, waiter] = [waiter, holder];
    }
    return times;
  } finally {
    for (const { child } of [holder, waiter]) child.kill();
  }
}

function startProcess(library, path) {
  const child = fork(join(import.meta.dirname, 'handoff-child.mjs'), [library.name, path]);
  return {
    child,
    /** Returns the time of the action in nanoseconds, on the monotonic clock that all processes share. */
    async request(action) {
      const answer = once(child, 'message');
      child.send(action);
      const [at] = await answer;
      return BigInt(at);
    },
  };
}
