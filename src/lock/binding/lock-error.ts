import { constants } from 'node:os';
import { LockTimeoutError, ZjjError } from '../../errors.js';
import { Status } from './addon.js';
import { describeHolder, readHolder } from './holder.js';

/** What the addon says of a call that failed. */
export interface NativeFailure {
  readonly status: number;
  readonly errno: number;
  readonly syscall: string;
}

/** The error for a failure of the addon; `cause` looks like an error of node:fs. */
export function lockError(path: string, failure: NativeFailure): ZjjError {
  if (failure.status === Status.invalid) {
    return new ZjjError('LOCK_FILE_INVALID', `Lock file ${path} is not a regular file`, { path });
  }
  const cause = systemError(path, failure);
  if (failure.status === Status.unsupported) {
    return new ZjjError('LOCK_UNSUPPORTED', `The file system of ${path} cannot lock files: ${cause.message}`, {
      path,
      cause,
    });
  }
  return new ZjjError('LOCK_IO', `Cannot lock ${path}: ${cause.message}`, { path, cause });
}

/** For what the addon throws: its own failures become lock errors, anything else stays what it is. */
export function asLockError(path: string, thrown: unknown): unknown {
  const failure = thrown as Partial<NativeFailure> | undefined;
  if (typeof failure?.status !== 'number') return thrown;
  return lockError(path, failure as NativeFailure);
}

export function timeoutError(path: string, timeoutMs: number): LockTimeoutError {
  const holder = readHolder(path);
  const message = `Timeout waiting for file lock on ${path} after ${formatSeconds(timeoutMs)}. ${describeHolder(holder)}`;
  return new LockTimeoutError(message.trimEnd(), { path, timeout: timeoutMs, holder });
}

export function deadlockError(path: string): ZjjError {
  return new ZjjError(
    'LOCK_DEADLOCK',
    `Waiting for file lock on ${path} would never end: this thread holds it or already waits for it, and a ` +
      'synchronous wait keeps it from going on',
    { path },
  );
}

/** An error like those of node:fs, for a system call that failed in the addon. */
export function systemError(path: string, { errno, syscall }: Omit<NativeFailure, 'status'>): NodeJS.ErrnoException {
  const name = Object.entries(constants.errno).find(([, number]) => number === errno)?.[0] ?? `errno ${errno}`;
  return Object.assign(new Error(`${name}, ${syscall} '${path}'`), { code: name, errno, syscall, path });
}

function formatSeconds(ms: number): string {
  const seconds = Math.round(ms) / 1000;
  return `${seconds} second${seconds === 1 ? '' : 's'}`;
}
