import { setTimeout as sleep } from 'node:timers/promises';

/** Sleeps for a random time. Returns false, without sleeping, if the round would end first. */
export async function pause(random, lowMs, highMs, endTime) {
  const ms = random.between(lowMs, highMs);
  if (Date.now() + ms >= endTime) return false;
  await sleep(ms);
  return true;
}
