/** This folder loads and calls the addon. This file declares what native/addon.cc exports, which documents it. */

/** `exclusive`: one holder at a time. `shared`: any number of shared holders, but no exclusive one. */
export type LockMode = 'exclusive' | 'shared';

/**
 * Called when a wait in the kernel ends.
 *
 * @param status A member of `Status`.
 * @param waited Whether the wait thread had to block.
 * @param errno Set only if the wait failed.
 * @param call The system call that failed. Set only if the wait failed.
 */
export type OnWaitEnd = (status: number, waited: boolean, errno?: number, call?: string) => void;

/** The exports of native/addon.cc. The comment at the top of that file documents each function. */
export interface Addon {
  setup(record: string, onWaitEnd: (index: number, ...end: Parameters<OnWaitEnd>) => void): boolean;
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
    onEnd: (outcome: number, errno: number, call: string) => void,
  ): boolean;
}

/** Negative results of the functions that return a lock's index. */
export const BUSY = -1;
export const TIMED_OUT = -2;
export const DEADLOCK = -3;
export const MUST_POLL = -4;

/** The addon's `flags`. With `readsState`, `foundState` may be called for the lock. */
export function flagsOf(mode: LockMode, readsState = false): number {
  return (mode === 'shared' ? 1 : 0) | (readsState ? 2 : 0);
}

/** `LockStatus` in native/lock/file_lock.h. */
export const Status = { ok: 0, busy: 1, cancelled: 2, invalid: 3, unsupported: 4, failed: 5, unstable: 6 } as const;

/** `FoundState` in native/lock/file_lock.h: the state that an exclusive holder found the lock file in. */
export const FoundState = { unclean: 0, clean: 1, created: 2 } as const;

/** A result of `copyAttributes`, which otherwise returns 0 or an errno. See native/file/file_attributes.h. */
export const LIST_LOST = -1;

/** `FileCommit::Outcome` in native/file/file_commit.h. */
export const CommitOutcome = { done: 0, lost: 1, notWritten: 2, notDurable: 3 } as const;
