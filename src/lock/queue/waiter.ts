import type { LockMode } from '../options.js';

/** One call of lock() that has to wait, as a link of its queue. */
export interface Waiter {
  readonly mode: LockMode;
  readonly fileMode: number;
  /** Whether the wait keeps the process alive. */
  readonly keepAlive: boolean;
  /** Called with the index of the granted lock. */
  grant(index: number): void;
  reject(reason: unknown): void;
  /** Why the waiter gave up while the kernel waited for it; set until the kernel's answer is in. */
  gaveUp: GaveUp | undefined;
  previous: Waiter | undefined;
  next: Waiter | undefined;
}

export interface GaveUp {
  /** What the call rejects with, made only if it does. */
  readonly reason: () => unknown;
  /** A grant that beat a timeout stays a grant; one that beat an abort does not. */
  readonly takesLateGrant: boolean;
}

/** First in, first out; any may leave. Nothing but links, for there may be ten thousand. */
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
