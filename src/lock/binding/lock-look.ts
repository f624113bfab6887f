/** Looks at a lock that others hold: has it changed hands, and is its holder alive? Never takes or touches the lock. */

import { closeSync, constants, fstatSync, openSync, readFileSync, readlinkSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { isVisible, readHolderRecord, readRecord } from './holder.js';
import { isWorking, type ProcessTime, processTime, processTree } from './process-activity.js';
import { startOf } from './process-identity.js';

/** A look this recent serves all waiters of a thread, in milliseconds. */
const MAX_AGE_MS = 50;

/** One line of /proc/locks for a lock that is held. The lines of waiters have an arrow before `FLOCK`. */
const HELD = /^\d+: FLOCK +\S+ +\S+ +(\d+) ([0-9a-f]+):([0-9a-f]+):(\d+) /gm;

/** A lock and its holders, as they were at one time. */
export interface LockLook {
  /** Changes with the holder: the record in the lock file and, on Linux, the processes that hold the lock. */
  readonly hands: string;
  /** The processor time of the holders that the system shows, by their process ids. Without this process. */
  readonly times: ReadonlyMap<number, ProcessTime>;
  /** Whether the system lists the holders of locks, but lists none of this lock, and no record names one. */
  readonly isHolderHidden: boolean;
}

let latest: { readonly lockPath: string; readonly atMs: number; readonly look: LockLook } | undefined;

/**
 * Looks at the lock. Never throws: what the system does not tell is missing from the look.
 *
 * @param lockPath - The lock file.
 * @returns A look that is at most 50 ms old.
 */
export function lookAtLock(lockPath: string): LockLook {
  const now = performance.now();
  if (latest === undefined || latest.lockPath !== lockPath || now - latest.atMs > MAX_AGE_MS) {
    latest = { lockPath, atMs: now, look: freshLook(lockPath) };
  }
  return latest.look;
}

/** Whether the lock changed hands between two looks. */
export function hasChangedHands(before: LockLook, now: LockLook): boolean {
  return before.hands !== now.hands;
}

/**
 * Whether a holder showed a sign of life: its processor time moved between two looks, or it is working now. A holder in
 * this process shows none, because this process lives in any case.
 */
export function showsLife(before: LockLook, now: LockLook): boolean {
  return [...now.times].some(([pid, time]) => {
    const earlier = before.times.get(pid) ?? time;
    return earlier.start === time.start && (earlier.ticks !== time.ticks || isWorking(pid));
  });
}

function freshLook(lockPath: string): LockLook {
  const listed = isOwnProc() ? listedHolders(lockPath) : undefined;
  const recorded = recordedHolder(lockPath);
  const holders = listed === undefined || listed.length === 0 ? (recorded ?? []) : listed;
  const times = new Map<number, ProcessTime>();
  for (const holder of holders.filter((pid) => pid !== process.pid)) {
    // flock(1) passes its descriptor to the command that it runs, and sleeps meanwhile. zjj passes its own to nobody.
    for (const pid of recorded?.includes(holder) ? [holder] : processTree(holder)) {
      const time = processTime(pid);
      if (time !== undefined) times.set(pid, time);
    }
  }
  return {
    hands: [readRecord(lockPath), ...(listed ?? [])].join('\n'),
    times,
    isHolderHidden: listed?.length === 0 && recorded === undefined,
  };
}

/** The process that the record names, if that is certain. A record without its start is of an older version. */
function recordedHolder(lockPath: string): number[] | undefined {
  const record = readHolderRecord(lockPath);
  if (record?.start === undefined || !isVisible(record) || startOf(record.pid) !== record.start) return undefined;
  return [record.pid];
}

/**
 * The processes that took the lock, sorted. The kernel does not list those outside this PID namespace, nor locks that a
 * FUSE file system keeps itself. Undefined if the system does not tell.
 */
function listedHolders(lockPath: string): number[] | undefined {
  try {
    const { device, inode } = kernelIdentity(lockPath);
    return [...readFileSync('/proc/locks', 'latin1').matchAll(HELD)]
      .filter(([, , major = '', minor = '', number]) => {
        return number === inode && `${Number.parseInt(major, 16)}:${Number.parseInt(minor, 16)}` === device;
      })
      .map(([, pid]) => Number(pid))
      .sort((a, b) => a - b);
  } catch {
    return undefined;
  }
}

/**
 * The device and the inode number by which the kernel lists a file's locks. On btrfs and overlayfs they differ from those
 * of stat(2).
 */
function kernelIdentity(lockPath: string): { device: string | undefined; inode: string | undefined } {
  const fd = openSync(lockPath, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const info = readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1');
    const mount = /^mnt_id:\s*(\d+)/m.exec(info)?.[1];
    const mounts = readFileSync('/proc/self/mountinfo', 'latin1');
    return {
      device: new RegExp(`^${mount} \\d+ (\\d+:\\d+) `, 'm').exec(mounts)?.[1],
      // Before Linux 5.14 the kernel does not tell it there.
      inode: /^ino:\s*(\d+)/m.exec(info)?.[1] ?? String(fstatSync(fd, { bigint: true }).ino),
    };
  } finally {
    closeSync(fd);
  }
}

/** Whether /proc numbers the processes as this process does. In a new PID namespace it may still be that of the old one. */
function isOwnProc(): boolean {
  try {
    return readlinkSync('/proc/self') === String(process.pid);
  } catch {
    return false;
  }
}
