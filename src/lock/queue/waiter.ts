import type { LockMode } from '../binding/addon.js';

/** A lock() call that waits, as a link in its queue. */
export interface Waiter {
  readonly mode: LockMode;
  readonly fileMode: number;
  /** Whether the wait keeps the process alive. */
  readonly keepAlive: boolean;
  /** Resolves the call with the lock that has this index. */
  grant(index: number): void;
  reject(reason: unknown): void;
  /** Why the waiter was cancelled. Set only if its promise has to wait until the kernel wait ends. */
  cancellation: Cancellation | undefined;
  previous: Waiter | undefined;
  next: Waiter | undefined;
}

/** Why a waiter leaves the queue without the lock. */
export interface Cancellation {
  /** Makes the value that the call rejects with. Called only if it does reject. */
  readonly reason: () => unknown;
  /** A waiter that timed out still takes a grant that came first. An aborted one does not. */
  readonly acceptsLateGrant: boolean;
}

/** First in, first out; any waiter may leave. A linked list, because there may be ten thousand waiters. */
export class WaiterList {
  first: Waiter | undefined;
  #last: Waiter | undefined;

  push(waiter: Waiter): void {
    waiter.previous = this.#last;
    if (this.#last === undefined) this.first = waiter;
    else this.#last.next = waiter;
    this.#last = waiter;
  }

  remove(waiter: Waiter): void {
    if (waiter.previous === undefined) this.first = waiter.next;
    else waiter.previous.next = waiter.next;
    if (waiter.next === undefined) this.#last = waiter.previous;
    else waiter.next.previous = waiter.previous;
    waiter.previous = undefined;
    waiter.next = undefined;
  }
}
