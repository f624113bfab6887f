/** `exclusive`: one holder at a time. `shared`: any number of shared holders, but no exclusive one. */
export type LockMode = 'exclusive' | 'shared';

/** How one wait in the kernel ended. `waited`: the lock was not to be had at once. The rest is said of one that failed. */
export type OnWaitEnd = (status: number, waited: boolean, errno?: number, call?: string) => void;

/** What native/addon.cc exports; the comment at its top says what each function does. */
export interface Addon {
  setup(record: string, onWaitEnd: (index: number, ...end: Parameters<OnWaitEnd>) => void): boolean;
  tryLock(path: string, flags: number, fileMode: number): number;
  startWait(path: string, flags: number, fileMode: number, pauseMs?: number): number;
  cancelWait(index: number): boolean;
  waitSync(path: string, flags: number, fileMode: number, timeoutMs: number): number;
  release(index: number, clean: boolean, keepsOpen?: boolean): boolean;
  closeIdle(): void;
  found(index: number): number | undefined;
  isCurrent(index: number): boolean;
  giveTo(index: number, user: number, group: number): boolean;
  pause(ms: number): void;
  keepAlive(keep: boolean): void;
  copyAttributes(from: string, fd: number): number;
  /** Not on Windows. */
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

/** Results below zero of the functions that otherwise give a lock's index. */
export const BUSY = -1;
export const TIMED_OUT = -2;
export const DEADLOCK = -3;
export const MUST_POLL = -4;

/** The addon's `flags`: the mode, and whether `found` will be asked. */
export function flagsOf(mode: LockMode, readsState = false): number {
  return (mode === 'shared' ? 1 : 0) | (readsState ? 2 : 0);
}

/** FileLock's statuses (native/file_lock.h). */
export const Status = { ok: 0, busy: 1, cancelled: 2, invalid: 3, unsupported: 4, failed: 5 } as const;

/** FoundState (native/file_lock.h). */
export const Found = { unclean: 0, clean: 1, created: 2 } as const;

/** A result of copyAttributes, which else gives 0 or an errno. */
export const LIST_LOST = -1;

/** FileCommit's outcomes (native/file_commit.h). */
export const CommitOutcome = { done: 0, lost: 1, notWritten: 2, notDurable: 3 } as const;
