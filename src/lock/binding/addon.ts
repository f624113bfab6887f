/** This folder loads and calls the addon. This file declares what native/addon.cc exports, which documents it. */

/** `exclusive`: one holder at a time. `shared`: any number of shared holders, but no exclusive one. */
export type LockMode = 'exclusive' | 'shared';

/**
 * How a wait in the kernel, or a task, has ended.
 *
 * - `status`: a member of `Status`, or the outcome of the task.
 * - `waited`: whether the wait thread had to block.
 * - `errno` and `call`: the system call that failed. 0 and empty if none did.
 */
export type Ending = readonly [status: number, waited: boolean, errno: number, call: string];

/** Called when a wait in the kernel, or a task, ends. */
export type OnEnd = (...ending: Ending) => void;

/** The exports of native/addon.cc. The comment at the top of that file documents each function. */
export interface Addon {
  setup(record: string, onEnd: (index: number, ...ending: Ending) => void): boolean;
  tryLock(path: string, flags: number, fileMode: number): number;
  startWait(path: string, flags: number, fileMode: number, pauseMs?: number): number;
  cancelWait(index: number): boolean;
  waitSync(path: string, flags: number, fileMode: number, timeoutMs: number): number;
  release(index: number, clean: boolean, keepOpen?: boolean): boolean;
  closeIdle(): void;
  foundState(index: number): number | undefined;
  isCurrent(index: number): boolean;
  chown(index: number, user: number, group: number): boolean;
  chmod(index: number, mode: number): boolean;
  pause(ms: number): void;
  keepAlive(keep: boolean): void;
  copyAttributes(from: string, fd: number): number;
  /** Missing on Windows. */
  checkWrite?(path: string): number;
  /** Missing on Windows. */
  commit?(
    index: number,
    fd: number,
    temporary: string,
    path: string,
    directory: string,
    device: number,
    file: number,
    size: number,
    modifiedMs: number,
  ): number;
  /** Missing on Windows. */
  sync?(fd: number): number;
  finish(index: number, timeoutMs: number): readonly [index: number, ...ending: Ending] | undefined;
}

/** Negative results of the functions that return a lock's index. */
export const BUSY = -1;
export const TIMED_OUT = -2;
export const DEADLOCK = -3;
export const MUST_POLL = -4;

/** The result of `commit` and `sync` if no thread is available. */
export const NO_TASK = -1;

/** The addon's `flags`. */
export function flagsOf(mode: LockMode): number {
  return mode === 'shared' ? 1 : 0;
}

/** `LockStatus` in native/lock/file_lock.h. */
export const Status = { ok: 0, busy: 1, cancelled: 2, invalid: 3, unsupported: 4, failed: 5, unstable: 6 } as const;

/** `FoundState` in native/lock/file_lock.h: the state that an exclusive holder found the lock file in. */
export const FoundState = { unclean: 0, clean: 1, created: 2 } as const;

/** A result of `copyAttributes`, which otherwise returns 0 or an errno. See native/file/file_attributes.h. */
export const LIST_LOST = -1;

/** `FileCommit::Outcome` in native/file/file_commit.h. */
export const CommitOutcome = { done: 0, lost: 1, notWritten: 2, notDurable: 3 } as const;
