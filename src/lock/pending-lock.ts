import { listenForAbort } from './abort-signal.js';
import type { LockMode } from './binding/addon.js';
import { timeoutError } from './binding/lock-error.js';
import { HeldLock } from './held-lock.js';
import type { PathQueue } from './queue/path-queue.js';
import type { Cancellation, Waiter } from './queue/waiter.js';

/** The longest delay that setTimeout takes. Longer waits set several timers. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface PendingLockRequest {
  readonly mode: LockMode;
  readonly fileMode: number;
  readonly keepAlive: boolean;
  readonly timeoutMs: number;
  /** When the timeout ends, on the clock of performance.now(). */
  readonly deadlineMs: number;
  readonly signal: AbortSignal | undefined;
  /** Called as soon as the lock is held, before the promise resolves. */
  readonly onGrant: ((lock: HeldLock) => void) | undefined;
}

/** A lock() call that waits: its promise, its deadline and its signal. */
export class PendingLock implements Waiter {
  readonly promise: Promise<HeldLock>;
  readonly mode: LockMode;
  readonly fileMode: number;
  readonly keepAlive: boolean;
  cancellation: Cancellation | undefined;
  previous: Waiter | undefined;
  next: Waiter | undefined;
  readonly #queue: PathQueue;
  #resolve!: (lock: HeldLock) => void;
  #reject!: (reason: unknown) => void;
  #timer: NodeJS.Timeout | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #onGrant: PendingLockRequest['onGrant'];

  constructor(queue: PathQueue, request: PendingLockRequest) {
    this.#queue = queue;
    this.mode = request.mode;
    this.fileMode = request.fileMode;
    this.keepAlive = request.keepAlive;
    this.#signal = request.signal;
    this.#onGrant = request.onGrant;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    if (request.timeoutMs !== Number.POSITIVE_INFINITY) this.#expireAt(request.deadlineMs, request.timeoutMs);
    if (request.signal !== undefined) listenForAbort(request.signal, this);
  }

  grant(index: number): void {
    this.#stopListening();
    const lock = new HeldLock(this.#queue, index, this.mode);
    this.#onGrant?.(lock);
    this.#resolve(lock);
  }

  reject(reason: unknown): void {
    this.#stopListening();
    this.#reject(reason);
  }

  /** The abort listener is this object itself, because ten thousand waits should not need a closure each. */
  handleEvent(): void {
    this.#queue.cancel(this, { reason: () => this.#signal?.reason, acceptsLateGrant: false });
  }

  #expireAt(deadlineMs: number, timeoutMs: number): void {
    const left = Math.min(Math.max(deadlineMs - performance.now(), 0), LONGEST_TIMER_MS);
    this.#timer = setTimeout(() => {
      if (performance.now() < deadlineMs) return this.#expireAt(deadlineMs, timeoutMs);
      this.#queue.cancel(this, {
        reason: () => timeoutError(this.#queue.path, timeoutMs),
        acceptsLateGrant: true,
      });
    }, left);
    if (!this.keepAlive) this.#timer.unref();
  }

  #stopListening(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this);
  }
}
