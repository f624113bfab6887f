import { ZjjError } from '../../errors.js';
import { acquireSync, type HeldLock, readHolder, timeoutError } from '../../lock/internal.js';
import { Deadline } from './deadline.js';
import { fileModeOf } from './file-mode.js';
import type { WriteSyncOptions } from './write-call.js';

interface LockAttempt {
  readonly fileMode: number;
  /** The longest time to block, in milliseconds, if the call itself would wait longer. */
  readonly mostMs?: number;
  /** Called if another holder has the lock, before the call's own `onWait`. */
  readonly onBusy?: () => void;
}

/** One synchronous call that blocks until it has the lock: its deadline and its `onWait`. */
export class SyncCall {
  readonly fileMode: number | undefined;
  readonly #deadline: Deadline;
  #onWait: WriteSyncOptions['onWait'];
  #hasWaited = false;

  /** @throws RangeError, TypeError: an option is invalid. */
  constructor(options: WriteSyncOptions) {
    this.fileMode = fileModeOf(options);
    this.#deadline = new Deadline(options.timeout);
    this.#onWait = options.onWait;
  }

  /**
   * Acquires a config's lock.
   *
   * @returns Undefined if `mostMs` are over.
   * @throws LockTimeoutError: the time of this call is over. What `onWait` throws, and the other errors of `lockSync`.
   */
  acquire(
    lockPath: string,
    { fileMode, mostMs = Number.POSITIVE_INFINITY, onBusy }: LockAttempt,
  ): HeldLock | undefined {
    try {
      return acquireSync(lockPath, {
        timeout: Math.min(this.#deadline.leftMs, mostMs),
        fileMode,
        onBusy: () => {
          onBusy?.();
          this.#noteWait(lockPath);
        },
      });
    } catch (error) {
      if (!(error instanceof ZjjError && error.code === 'LOCK_TIMEOUT')) throw error;
    }
    this.#checkTime(lockPath);
    return undefined;
  }

  /**
   * Called when a transaction had to start over.
   *
   * @throws LockTimeoutError: the time of this call is over.
   */
  noteRestart(lockPath: string): void {
    this.#deadline.noteRestart();
    this.#checkTime(lockPath);
  }

  #checkTime(lockPath: string): void {
    const deadline = this.#deadline;
    if (deadline.leftMs <= 0 && !deadline.renew(lockPath)) throw timeoutError(lockPath, deadline.waitedMs);
  }

  #noteWait(lockPath: string): void {
    // The time before the wait, such as parsing, is not part of the 5 seconds.
    if (!this.#hasWaited) this.#deadline.startWait(lockPath);
    this.#hasWaited = true;
    const onWait = this.#onWait;
    this.#onWait = undefined;
    onWait?.(readHolder(lockPath));
  }
}
