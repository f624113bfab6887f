/** What tells a process on Linux from others that have or had its number. Other systems do not tell it to Node.js. */

import { readlinkSync } from 'node:fs';
import { processTime } from './process-activity.js';

/**
 * When a process started, in clock ticks since the system did. Undefined if the system does not tell.
 *
 * @param pid - A process in the PID namespace of this one.
 */
export function startOf(pid: number): number | undefined {
  // A process in a new PID namespace may still see the /proc of the old one, where its number is another process.
  if (readLink('/proc/self') !== String(process.pid)) return undefined;
  const start = Number(processTime(pid)?.start);
  // Some emulators of Linux answer with zeros.
  return Number.isSafeInteger(start) && start > 0 ? start : undefined;
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
