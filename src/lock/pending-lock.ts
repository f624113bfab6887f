import { performance } from 'node:perf_hooks';
import { clearTimeout, setTimeout } from 'node:timers';
import type { LockTimeoutError } from '../errors.js';
import { type AbortSignalLike, abortReason, listenForAbort } from './abort-signal.js';
import type { LockMode } from './binding/addon.js';
import { timeoutError } from './binding/lock-error.js';
import type { CallSite } from './call-site.js';
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
  readonly signal: AbortSignalLike | undefined;
  /** Whether the process stays alive for the signal, even if nothing else could end the wait. */
  readonly staysForSignal: boolean;
  /** Where the call came from. Only set for a call with a timeout. */
  site: CallSite | undefined;
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
  readonly #signal: AbortSignalLike | undefined;
  readonly #site: CallSite | undefined;
  readonly #onGrant: PendingLockRequest['onGrant'];

  constructor(queue: PathQueue, request: PendingLockRequest) {
    this.#queue = queue;
    this.#site = request.site;
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
    else if (request.signal !== undefined && request.staysForSignal && this.keepAlive) this.#stayAlive();
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
    this.#queue.cancel(this, { reason: () => abortReason(this.#signal), acceptsLateGrant: false });
  }

  #expireAt(deadlineMs: number, timeoutMs: number): void {
    const left = Math.min(Math.max(deadlineMs - performance.now(), 0), LONGEST_TIMER_MS);
    this.#timer = setTimeout(() => {
      if (performance.now() < deadlineMs) return this.#expireAt(deadlineMs, timeoutMs);
      this.#queue.cancel(this, { reason: () => this.#timeoutError(timeoutMs), acceptsLateGrant: true });
    }, left);
    if (!this.keepAlive) this.#timer.unref();
  }

  #timeoutError(timeoutMs: number): LockTimeoutError {
    const error = timeoutError(this.#queue.path, timeoutMs, this.#queue.isHeldAgainst(this.mode));
    return this.#site?.giveTo(error) ?? error;
  }

  /** The timer of AbortSignal.timeout() does not keep the process alive. */
  #stayAlive(): void {
    this.#timer = setTimeout(() => this.#stayAlive(), LONGEST_TIMER_MS);
  }

  #stopListening(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this);
  }
}
