// Disturbances of the processes of a round, at random moments. Each function runs until the round ends.

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ENDING_SIGNALS, send } from '../signals.mjs';
import { deleteQuietly } from './files.mjs';
import { pause } from './pause.mjs';

/** How long to look for a holder before picking a random writer. */
const LOOK_MS = 20;

/** The size of the largest file that a process with a limit may write: more than its journal has, less than a config. */
const FILE_SIZE = 80_000;

/** Ends processes, some of them with a signal that they can handle. The round starts replacements. */
export async function killWriters({ crew, endTime, random, locks, figures }) {
  while (await pause(random, 50, 500, endTime)) {
    const victim = findVictim(crew, locks, random);
    if (victim === undefined) continue;
    send(victim, random.chance(0.5) ? 'SIGKILL' : random.pick(ENDING_SIGNALS));
    figures.kills++;
  }
}

/** Sends SIGSTOP, and SIGCONT later: often after the others have timed out. May remove a lock file in between. */
export async function stopHolders({ crew, endTime, random, locks, figures, timeoutMs, deletes }) {
  while (await pause(random, 20, 250, endTime)) {
    const victim = findVictim(crew, locks, random);
    if (victim === undefined) continue;
    send(victim, 'SIGSTOP');
    figures.stops++;
    if (deletes && random.chance(0.7)) figures.deletes += deleteQuietly(random.pick(locks));
    const stopMs = Math.round(timeoutMs * (0.2 + 1.3 * random.next()));
    await sleep(Math.max(0, Math.min(stopMs, endTime - Date.now())));
    send(victim, 'SIGCONT');
  }
}

/** Takes resources from a process and gives them back: descriptors, the size of files, new threads. */
export async function limitWriters({ crew, endTime, random, figures }) {
  while (await pause(random, 5, 100, endTime)) {
    if (crew().length === 0) continue;
    const { pid } = random.pick(crew());
    const [name, value] = random.pick([
      ['nofile', countDescriptors(pid) + random.between(0, 2)],
      ['fsize', FILE_SIZE],
      // Only users without rights have this limit.
      ['nproc', 1],
    ]);
    if (!setLimit(pid, name, value)) continue;
    figures.limits++;
    await pause(random, 5, 100, endTime);
    setLimit(pid, name, hardLimit(name));
  }
}

/** Sets the soft limit. Returns false if the process has ended. */
function setLimit(pid, name, value) {
  return spawnSync('prlimit', ['--pid', String(pid), `--${name}=${value}:`]).status === 0;
}

/** The limit of this process, which all processes of the round inherit. */
function hardLimit(name) {
  const { stdout } = spawnSync('prlimit', [
    '--pid',
    String(process.pid),
    `--${name}`,
    '--output',
    'HARD',
    '--noheadings',
  ]);
  return String(stdout).trim();
}

function countDescriptors(pid) {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
}

/**
 * Usually the holder of a lock, according to its record; otherwise a random writer. Returns the id of a process, or the
 * negative id of a writer's process group.
 */
function findVictim(crew, locks, random) {
  if (random.chance(0.8)) {
    const lock = random.pick(locks);
    for (const end = performance.now() + LOOK_MS; performance.now() < end; ) {
      const holder = readHolderPid(lock);
      const writer = crew().find(({ pid }) => pid === holder || pid === readGroup(holder));
      if (writer !== undefined) return holder === writer.pid ? -holder : holder;
    }
  }
  return crew().length === 0 ? undefined : -random.pick(crew()).pid;
}

function readHolderPid(lock) {
  try {
    return JSON.parse(readFileSync(lock, 'utf8')).pid;
  } catch {
    return undefined;
  }
}

/** The process group of a process on Linux. A `zjj config` is in the group of the writer that started it. */
function readGroup(pid) {
  try {
    return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ')[2]);
  } catch {
    return undefined;
  }
}
