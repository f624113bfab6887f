// What is done to the processes and files of a round at random moments. Each runs until it is time.

import { closeSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long a holder is looked for before anybody will do. */
const LOOK_MS = 20;

/** SIGKILL. The round starts another in its place. */
export async function killWriters({ crew, until, random, locks, figures }) {
  while (await pause(random, 50, 500, until)) {
    const victim = findVictim(crew, locks, random);
    if (victim === undefined) continue;
    victim.kill('SIGKILL');
    figures.kills++;
  }
}

/** SIGSTOP for longer than the others wait, and SIGCONT. In a mode that deletes, the lock file may go meanwhile. */
export async function stopHolders({ crew, until, random, locks, figures, timeoutMs, deletes }) {
  while (await pause(random, 20, 250, until)) {
    const victim = findVictim(crew, locks, random);
    if (victim === undefined) continue;
    victim.kill('SIGSTOP');
    figures.stops++;
    if (deletes && random.chance(0.7)) figures.deletes += deleteQuietly(random.pick(locks));
    const stopMs = Math.round(timeoutMs * (0.2 + 1.3 * random.next()));
    await sleep(Math.max(0, Math.min(stopMs, until - Date.now())));
    victim.kill('SIGCONT');
  }
}

export async function deleteLocks({ until, random, locks, figures }) {
  while (await pause(random, 1, 60, until)) figures.deletes += deleteQuietly(random.pick(locks));
}

/** Fills the file system to the last byte, and frees it again. */
export async function fillDisk({ until, random, disk, figures }) {
  const path = join(disk, 'ballast');
  while (await pause(random, 20, 200, until)) {
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
      await pause(random, 20, 200, until);
    } finally {
      closeSync(fd);
      unlinkSync(path);
    }
  }
}

/** False when it is time. */
async function pause(random, lowMs, highMs, until) {
  const ms = random.between(lowMs, highMs);
  if (Date.now() + ms >= until) return false;
  await sleep(ms);
  return true;
}

/** Mostly whoever holds a lock, as its record says; else anybody. */
function findVictim(crew, locks, random) {
  if (random.chance(0.8)) {
    const lock = random.pick(locks);
    for (const end = performance.now() + LOOK_MS; performance.now() < end; ) {
      const holder = crew().find(({ pid }) => pid === holderOf(lock));
      if (holder !== undefined) return holder;
    }
  }
  return crew().length === 0 ? undefined : random.pick(crew());
}

function holderOf(lock) {
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
