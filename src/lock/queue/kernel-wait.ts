import type { Ending, LockMode, OnEnd } from '../binding/addon.js';
import { addon, finish, forgetWait, onEnd } from '../binding/native-locks.js';
import type { Waiter } from './waiter.js';

interface KernelWaitEvents {
  readonly onEnd: OnEnd;
  /** The thread could not be woken within a second, so the wait is abandoned. `onEnd` will not be called. */
  readonly onLost: () => void;
}

/** One wait in the kernel, on a thread of the addon, for a path's queue. */
export class KernelWait {
  readonly index: number;
  readonly mode: LockMode;
  /** The cancelled waiter that this wait ran for. Its promise settles when the wait ends. */
  cancelledWaiter: Waiter | undefined;
  readonly #events: KernelWaitEvents;
  #isCancelling = false;
  #resend: NodeJS.Timeout | undefined;

  constructor(index: number, mode: LockMode, events: KernelWaitEvents) {
    this.index = index;
    this.mode = mode;
    this.#events = events;
    onEnd(index, (...ending) => this.#end(ending));
  }

  /** False once a cancel has begun. */
  get isPending(): boolean {
    return !this.#isCancelling;
  }

  /**
   * Blocks until the wait ends, and calls `onEnd` before it returns.
   *
   * @param timeoutMs - In milliseconds.
   * @returns False if the time is over. The wait goes on then.
   */
  finish(timeoutMs: number): boolean {
    const ending = finish(this.index, timeoutMs);
    if (ending === undefined) return false;
    this.#end(ending);
    return true;
  }

  cancelFor(waiter: Waiter): void {
    this.cancelledWaiter = waiter;
    this.cancel();
  }

  /** Asks the thread to stop. Never blocks: the end of the wait is an event. */
  cancel(): void {
    if (this.#isCancelling) return;
    this.#isCancelling = true;
    this.#send(1);
  }

  #end(ending: Ending): void {
    if (this.#isCancelling) clearTimeout(this.#resend);
    this.#events.onEnd(...ending);
  }

  /** Resends the signal until the wait ends: a signal that arrives just before the thread enters the kernel is lost. */
  #send(pauseMs: number): void {
    if (!addon().cancelWait(this.index)) {
      forgetWait(this.index);
      // In a microtask: the caller of cancel() has not finished its own work yet.
      queueMicrotask(() => this.#events.onLost());
      return;
    }
    this.#resend = setTimeout(() => this.#send(Math.min(2 * pauseMs, 16)), pauseMs);
    if (this.cancelledWaiter?.keepAlive !== true) this.#resend.unref();
  }
}
