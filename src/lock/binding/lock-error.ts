import { lstatSync, type Stats } from 'node:fs';
import { constants } from 'node:os';
import { dirname } from 'node:path';
import { LockTimeoutError, ZjjError } from '../../errors.js';
import { Status } from './addon.js';
import { describeHolder, readHolder } from './holder.js';

/** A failure that the addon reports. */
export interface NativeFailure {
  /** One of {@link Status}. */
  readonly status: number;
  readonly errno: number;
  readonly syscall: string;
}

/** A system call that failed, with the number or the name of its error. */
export type SystemFailure = { readonly syscall: string } & ({ readonly errno: number } | { readonly code: string });

/** Converts a failure of the addon to a lock error. Its `cause` looks like an error of node:fs. */
export function lockError(path: string, failure: NativeFailure): ZjjError {
  if (failure.status === Status.invalid) {
    return new ZjjError('LOCK_FILE_INVALID', `Lock file ${path} ${kindOf(path)}`, { path });
  }
  const cause = systemError(path, failure);
  if (failure.status === Status.unstable) {
    const message = `Cannot lock ${path}: at each of many tries it could not be opened, or was another file after it was`;
    return new ZjjError('LOCK_IO', `${message}: ${cause.message}`, { path, cause });
  }
  if (failure.status === Status.unsupported) {
    const message = `The file system of ${path} does not support file locks: ${cause.message}`;
    return new ZjjError('LOCK_UNSUPPORTED', message, { path, cause });
  }
  const missing = missingDirectory(path, cause);
  if (missing !== undefined) return new ZjjError('LOCK_IO', `Cannot lock ${path}: ${missing}`, { path, cause });
  const reason = isReadOnly(failure) ? 'this file system locks a file exclusively only if it may be written: ' : '';
  return new ZjjError('LOCK_IO', `Cannot lock ${path}: ${reason}${cause.message}`, { path, cause });
}

/** The first directory of a lock file's path that does not exist, or is none. */
function missingDirectory(path: string, { code }: NodeJS.ErrnoException): string | undefined {
  if (code !== 'ENOENT' && code !== 'ENOTDIR') return undefined;
  let missing: string | undefined;
  for (let directory = dirname(path); ; directory = dirname(directory)) {
    const stats = statOf(directory);
    if (stats?.isDirectory() || stats?.isSymbolicLink()) break;
    missing = `${directory} ${stats === undefined ? 'does not exist' : 'is not a directory'} (${code})`;
    if (directory === dirname(directory)) break;
  }
  return missing;
}

/** NFS: an exclusive lock needs a descriptor for writing, and this process may only read the file. */
function isReadOnly({ errno, syscall }: NativeFailure): boolean {
  return syscall === 'flock' && errno === constants.errno.EBADF;
}

/** What the file is, instead of a regular file. */
function kindOf(path: string): string {
  const kind = statOf(path);
  if (kind?.isSymbolicLink()) return 'is a symbolic link. Pass the path that it leads to';
  if (kind?.isDirectory()) return 'is a directory, not a regular file';
  if (kind?.isFIFO()) return 'is a FIFO, not a regular file';
  if (kind?.isSocket()) return 'is a socket, not a regular file';
  if (kind?.isCharacterDevice() || kind?.isBlockDevice()) return 'is a device, not a regular file';
  return 'is not a regular file';
}

function statOf(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}

/** Converts a failure that the addon threw to a lock error. Returns anything else unchanged. */
export function asLockError(path: string, thrown: unknown): unknown {
  const failure = thrown as Partial<NativeFailure> | undefined;
  if (typeof failure?.status !== 'number') return thrown;
  return lockError(path, failure as NativeFailure);
}

/** @param isOwn - Whether this thread holds the lock itself. A holder in shared mode leaves no record. */
export function timeoutError(path: string, timeoutMs: number, isOwn = false): LockTimeoutError {
  const holder = readHolder(path);
  const held = holder === undefined && isOwn ? 'This process holds it itself.' : describeHolder(holder);
  const message = `Timeout waiting for file lock on ${path} after ${formatSeconds(timeoutMs)}. ${held}`;
  return new LockTimeoutError(message.trimEnd(), { path, timeout: timeoutMs, holder });
}

/** For an asynchronous wait, when the event loop is empty. */
export function endlessWaitError(path: string): ZjjError {
  return endlessError(path, 'this process holds it itself, and nothing is left that could release it');
}

/** For withLock() inside the function of a withLock() call that holds the lock. */
export function nestedLockError(path: string): ZjjError {
  return endlessError(path, 'the code that calls withLock runs under that lock already');
}

function endlessError(path: string, reason: string): ZjjError {
  const advice = 'Locks are not re-entrant: pass the lock on, or release it first.';
  return new ZjjError('LOCK_DEADLOCK', `Waiting for file lock on ${path} would never end: ${reason}. ${advice}`, {
    path,
  });
}

export function deadlockError(path: string): ZjjError {
  return new ZjjError(
    'LOCK_DEADLOCK',
    `Waiting for file lock on ${path} would deadlock: this thread already holds the lock, and could not release it ` +
      'while it blocks',
    { path },
  );
}

/**
 * Makes an error like those of node:fs, for a system call that failed elsewhere.
 *
 * @param path - The file that the call was made for. Undefined if only its descriptor is known.
 * @param failure - The call, and its error as `errno` or as `code`. This function looks up the other.
 */
export function systemError(path: string | undefined, failure: SystemFailure): NodeJS.ErrnoException {
  const { syscall } = failure;
  const { errno, code } = 'code' in failure ? withErrno(failure.code) : withCode(failure.errno);
  const error = Object.assign(new Error(`${code}, ${syscall}`), { code, errno, syscall });
  return path === undefined ? error : Object.assign(error, { message: `${error.message} '${path}'`, path });
}

/**
 * The name of an errno value on this platform, such as `ENOENT`. Undefined for a number that has none.
 *
 * @param errno - With either sign: libuv negates the values.
 */
export function errnoName(errno: number): string | undefined {
  const absolute = Math.abs(errno);
  return Object.entries(constants.errno).find(([, value]) => value === absolute)?.[0];
}

function withErrno(code: string): { code: string; errno: number | undefined } {
  return { code, errno: (constants.errno as Readonly<Record<string, number | undefined>>)[code] };
}

function withCode(errno: number): { code: string; errno: number } {
  return { code: errnoName(errno) ?? `errno ${errno}`, errno };
}

function formatSeconds(ms: number): string {
  const seconds = Math.round(ms) / 1000;
  return `${seconds} second${seconds === 1 ? '' : 's'}`;
}
