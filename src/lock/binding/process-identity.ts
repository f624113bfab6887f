/** What tells a process on Linux from others that have or had its number. Other systems do not tell it to Node.js. */

import { readFileSync, readlinkSync } from 'node:fs';

/** The place of the start time in /proc/PID/stat, counted from the field after the name. See proc_pid_stat(5). */
const START_FIELD = 19;

/**
 * When a process started, in clock ticks since the system did. Undefined if the system does not tell.
 *
 * @param pid - A process in the PID namespace of this one.
 */
export function startOf(pid: number): number | undefined {
  // A process in a new PID namespace may still see the /proc of the old one, where its number is another process.
  if (readLink('/proc/self') !== String(process.pid)) return undefined;
  try {
    // The name of the program comes before it, in parentheses, and may contain anything.
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').pop()?.split(' ');
    const start = Number(fields?.[START_FIELD]);
    // Some emulators of Linux answer with zeros.
    return Number.isSafeInteger(start) && start > 0 ? start : undefined;
  } catch {
    return undefined;
  }
}

/** The inode number of this process's PID namespace. Undefined if the system does not tell. */
export function ownPidNamespace(): number | undefined {
  const digits = /\d+/.exec(readLink('/proc/self/ns/pid') ?? '');
  return digits === null ? undefined : Number(digits[0]);
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
