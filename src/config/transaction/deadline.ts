import { checkTimeout, hasChangedHands, type LockLook, lookAtLock, showsLife } from '../../lock/internal.js';

/** A write without a `timeout` fails after the lock has neither changed hands nor shown life for this long. */
const STALL_TIMEOUT_MS = 5_000;

/** A write without a `timeout` fails after one holder has kept the lock for this long, even if it shows life. */
const MAX_HOLD_MS = 60_000;

/** A write without a `timeout` fails if it still has to start over this long after it first had to. */
const MAX_RESTARTS_MS = 60_000;

/** The delay between looks at a lock whose holder is hidden, in milliseconds. */
const LOOK_AGAIN_MS = 100;

/** Under a load of 20 per processor, most looks find the lock between two holders. Ten in a row do not. */
const MAX_LOOKS_AGAIN = 10;

/** The lock files of the transactions that this thread runs now. */
export const ownTransactions = new Set<string>();

/**
 * How long a call waits for the config's lock. A `timeout` counts from the call. Without one, the call waits while the
 * queue moves: it fails when for 5 seconds the lock has not changed hands and its holder showed no sign of life, or when
 * one holder has kept the lock for 60 seconds. docs/protocol.md gives the reasons.
 */
export class Deadline {
  readonly #start = performance.now();
  readonly #timeoutMs: number | undefined;
  #look: LockLook | undefined;
  #looksAgain = 0;
  /** When the lock was last seen to change hands. */
  #heldSince = this.#start;
  /** When the lock was last seen to change hands, or its holder to live. */
  #movedAt = this.#start;
  #restartsSince = Number.POSITIVE_INFINITY;
  #isRenewed = false;

  /**
   * @param timeoutMs - The option `timeout`.
   * @throws RangeError, TypeError: it is not a number of milliseconds.
   */
  constructor(timeoutMs: number | undefined) {
    this.#timeoutMs = timeoutMs === undefined ? undefined : checkTimeout(timeoutMs);
  }

  /** Restarts the 5 seconds, at the start of a wait. The time before, such as parsing, is not part of them. */
  startWait(lockPath: string): void {
    this.#look = lookAtLock(lockPath);
    this.#heldSince = this.#movedAt = performance.now();
  }

  /** Called when the call has to start over: somebody keeps removing the lock file, or moving the config. */
  noteRestart(): void {
    this.#restartsSince = Math.min(this.#restartsSince, performance.now());
  }

  get leftMs(): number {
    const end =
      this.#timeoutMs === undefined
        ? Math.min(this.#movedAt + STALL_TIMEOUT_MS, this.#heldSince + MAX_HOLD_MS, this.#lastRestart)
        : this.#start + this.#timeoutMs;
    return Math.max(0, end - performance.now());
  }

  /** Looks at the lock, and restarts the 5 seconds if the queue moves. False if the call has timed out. */
  renew(lockPath: string): boolean {
    const now = performance.now();
    if (this.#timeoutMs !== undefined || now >= this.#lastRestart) return false;
    const before = this.#look;
    const look = lookAtLock(lockPath);
    this.#look = look;
    if (before === undefined || hasChangedHands(before, look)) {
      this.#heldSince = now;
    } else if (now - this.#heldSince >= MAX_HOLD_MS) {
      return false;
    } else if (look.isHolderHidden && this.#looksAgain < MAX_LOOKS_AGAIN) {
      this.#looksAgain++;
      this.#movedAt = now - STALL_TIMEOUT_MS + LOOK_AGAIN_MS;
      return true;
    } else if (!ownTransactions.has(lockPath) && !showsLife(before, look)) {
      return false;
    }
    this.#looksAgain = 0;
    this.#movedAt = now;
    this.#isRenewed = true;
    return true;
  }

  /** The milliseconds to report in a timeout. */
  get waitedMs(): number {
    if (this.#timeoutMs !== undefined) return this.#timeoutMs;
    return this.#isRenewed ? Math.round(performance.now() - this.#start) : STALL_TIMEOUT_MS;
  }

  get #lastRestart(): number {
    return this.#restartsSince + MAX_RESTARTS_MS;
  }
}
