import { listenForAbort } from './abort-signal.js';
import { timeoutError } from './binding/lock-error.js';
import { HeldLock } from './held-lock.js';
import type { LockMode } from './options.js';
import type { PathQueue } from './queue/path-queue.js';
import type { GaveUp, Waiter } from './queue/waiter.js';

/** What timers can count: longer waits take several. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface PendingLockRequest {
  readonly mode: LockMode;
  readonly fileMode: number;
  readonly keepAlive: boolean;
  readonly timeoutMs: number;
  /** When it is over, as of performance.now(). */
  readonly deadlineMs: number;
  readonly signal: AbortSignal | undefined;
}

/** A call of lock() that waits: its promise, its deadline and its signal. */
export class PendingLock implements Waiter {
  readonly promise: Promise<HeldLock>;
  readonly mode: LockMode;
  readonly fileMode: number;
  readonly keepAlive: boolean;
  gaveUp: GaveUp | undefined;
  previous: Waiter | undefined;
  next: Waiter | undefined;
  readonly #queue: PathQueue;
  #resolve!: (lock: HeldLock) => void;
  #reject!: (reason: unknown) => void;
  #timer: NodeJS.Timeout | undefined;
  readonly #signal: AbortSignal | undefined;

  constructor(queue: PathQueue, request: PendingLockRequest) {
    this.#queue = queue;
    this.mode = request.mode;
    this.fileMode = request.fileMode;
    this.keepAlive = request.keepAlive;
    this.#signal = request.signal;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    if (request.timeoutMs !== Number.POSITIVE_INFINITY) this.#expireAt(request.deadlineMs, request.timeoutMs);
    if (request.signal !== undefined) listenForAbort(request.signal, this);
  }

  grant(index: number): void {
    this.#settled();
    this.#resolve(new HeldLock(this.#queue, index, this.mode));
  }

  reject(reason: unknown): void {
    this.#settled();
    this.#reject(reason);
  }

  /** The signal's listener: an object, so that ten thousand waits need no closure each. */
  handleEvent(): void {
    this.#queue.giveUp(this, { reason: () => this.#signal?.reason, takesLateGrant: false });
  }

  #expireAt(deadlineMs: number, timeoutMs: number): void {
    const left = Math.min(Math.max(deadlineMs - performance.now(), 0), LONGEST_TIMER_MS);
    this.#timer = setTimeout(() => {
      if (performance.now() < deadlineMs) return this.#expireAt(deadlineMs, timeoutMs);
      this.#queue.giveUp(this, {
        reason: () => timeoutError(this.#queue.path, timeoutMs),
        takesLateGrant: true,
      });
    }, left);
    if (!this.keepAlive) this.#timer.unref();
  }

  #settled(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this);
  }
}
