/** Looks at a lock that others hold: has it changed hands, and is its holder alive? Never takes or touches the lock. */

import { closeSync, constants, fstatSync, openSync, readFileSync, readlinkSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { isVisible, parseRecord, readRecordOf } from './holder.js';
import { childrenOf, isWorking, type ProcessTime, processTime } from './process-activity.js';

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
  let fd: number | undefined;
  try {
    fd = openSync(lockPath, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    return lookAtFile(fd);
  } catch {
    return { hands: '', times: new Map(), isHolderHidden: false };
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function lookAtFile(fd: number): LockLook {
  const text = readRecordOf(fd);
  const listed = listedHolders(fd);
  // Without the list, the numbers in /proc may be those of another PID namespace.
  if (listed === undefined) return { hands: String(text), times: new Map(), isHolderHidden: false };
  const record = text === undefined ? undefined : parseRecord(text);
  const recorded = record !== undefined && isVisible(record) ? [record.pid] : [];
  const times = new Map<number, ProcessTime>();
  for (const pid of listed.length === 0 ? recorded : listed) {
    const time = pid === process.pid ? undefined : processTime(pid);
    if (time === undefined) continue;
    const isRecorded = record?.pid === pid && String(record.start) === time.start;
    if (isRecorded || listed.length > 0) times.set(pid, time);
    // flock(1) passes its descriptor to the command that it runs, and sleeps meanwhile. zjj passes its own to nobody.
    if (!isRecorded && listed.length > 0) addDescendants(pid, times);
  }
  const hands = [text, ...listed].join('\n');
  return { hands, times, isHolderHidden: listed.length === 0 && times.size === 0 && !recorded.includes(process.pid) };
}

function addDescendants(pid: number, times: Map<number, ProcessTime>): void {
  for (const child of childrenOf(pid)) {
    const time = times.has(child) ? undefined : processTime(child);
    if (time === undefined) continue;
    times.set(child, time);
    addDescendants(child, times);
  }
}

/**
 * The processes that took the lock of a file, sorted. The kernel does not list those outside this PID namespace, nor the
 * locks that a FUSE file system keeps itself. Undefined if the system does not tell.
 */
function listedHolders(fd: number): number[] | undefined {
  try {
    if (readlinkSync('/proc/self') !== String(process.pid)) return undefined;
    const locks = [...readFileSync('/proc/locks', 'latin1').matchAll(HELD)];
    const { dev, ino } = fstatSync(fd, { bigint: true });
    let holders = locks.filter(isOn(`${majorOf(dev)}:${minorOf(dev)}`, String(ino)));
    if (holders.length === 0) {
      // On btrfs and overlayfs the kernel lists other numbers than those of stat(2). Before Linux 5.14, it does not tell
      // the inode number here.
      const info = readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1');
      const mount = new RegExp(`^${/^mnt_id:\s*(\d+)/m.exec(info)?.[1]} \\d+ (\\d+:\\d+) `, 'm');
      const device = mount.exec(readFileSync('/proc/self/mountinfo', 'latin1'))?.[1];
      holders = locks.filter(isOn(device, /^ino:\s*(\d+)/m.exec(info)?.[1] ?? String(ino)));
    }
    return holders.map(([, pid]) => Number(pid)).sort((a, b) => a - b);
  } catch {
    return undefined;
  }
}

/** Whether a lock in /proc/locks is on that file. The kernel writes the numbers of the device in hexadecimal. */
function isOn(device: string | undefined, inode: string): (lock: RegExpExecArray) => boolean {
  return ([, , major = '', minor = '', number]) =>
    number === inode && `${Number.parseInt(major, 16)}:${Number.parseInt(minor, 16)}` === device;
}

/** See makedev(3). */
function majorOf(device: bigint): bigint {
  return ((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xfffff000n);
}

function minorOf(device: bigint): bigint {
  return (device & 0xffn) | ((device >> 12n) & 0xffffff00n);
}
