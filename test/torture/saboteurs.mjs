// Disturbances of the processes and files of a round, at random moments. Each function runs until the round ends.

import { closeSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long to look for a holder before picking a random writer. */
const LOOK_MS = 20;

/** Sends SIGKILL. The round starts a replacement. */
export async function killWriters({ crew, endTime, random, locks, figures }) {
  while (await pause(random, 50, 500, endTime)) {
    const victim = findVictim(crew, locks, random);
    if (victim === undefined) continue;
    victim.kill('SIGKILL');
    figures.kills++;
  }
}

/** Sends SIGSTOP, and SIGCONT later: often after the others have timed out. May remove a lock file in between. */
export async function stopHolders({ crew, endTime, random, locks, figures, timeoutMs, deletes }) {
  while (await pause(random, 20, 250, endTime)) {
    const victim = findVictim(crew, locks, random);
    if (victim === undefined) continue;
    victim.kill('SIGSTOP');
    figures.stops++;
    if (deletes && random.chance(0.7)) figures.deletes += deleteQuietly(random.pick(locks));
    const stopMs = Math.round(timeoutMs * (0.2 + 1.3 * random.next()));
    await sleep(Math.max(0, Math.min(stopMs, endTime - Date.now())));
    victim.kill('SIGCONT');
  }
}

/** Removes lock files. */
export async function deleteLocks({ endTime, random, locks, figures }) {
  while (await pause(random, 1, 60, endTime)) figures.deletes += deleteQuietly(random.pick(locks));
}

/** Fills the file system to the last byte and frees it again. */
export async function fillDisk({ endTime, random, disk, figures }) {
  const path = join(disk, 'ballast');
  while (await pause(random, 20, 200, endTime)) {
    const fd = openSync(path, 'w');
    try {
      for (let size = 65536; size > 0; ) {
        try {
          writeSync(fd, Buffer.alloc(size));
        } catch {
          size >>= 1;
        }
      }
      figures.fills++;
      await pause(random, 20, 200, endTime);
    } finally {
      closeSync(fd);
      unlinkSync(path);
    }
  }
}

/** Sleeps for a random time. Returns false, without sleeping, if the round would end first. */
async function pause(random, lowMs, highMs, endTime) {
  const ms = random.between(lowMs, highMs);
  if (Date.now() + ms >= endTime) return false;
  await sleep(ms);
  return true;
}

/** Usually the holder of a lock, according to its record; otherwise a random writer. */
function findVictim(crew, locks, random) {
  if (random.chance(0.8)) {
    const lock = random.pick(locks);
    for (const end = performance.now() + LOOK_MS; performance.now() < end; ) {
      const holder = crew().find(({ pid }) => pid === readHolderPid(lock));
      if (holder !== undefined) return holder;
    }
  }
  return crew().length === 0 ? undefined : random.pick(crew());
}

function readHolderPid(lock) {
  try {
    return JSON.parse(readFileSync(lock, 'utf8')).pid;
  } catch {
    return undefined;
  }
}

function deleteQuietly(path) {
  try {
    unlinkSync(path);
    return 1;
  } catch {
    return 0;
  }
}
