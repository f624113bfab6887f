import { clearTimeout, setTimeout } from 'node:timers';
import { type Ending, type LockMode, Status } from '../binding/addon.js';
import { addon, finish, forgetWait, onEnd } from '../binding/native-locks.js';
import type { Waiter } from './waiter.js';

/** The longest time between two signals to a thread that must stop, in milliseconds. */
const LONGEST_RESEND_MS = 16;

/** The thread could not be woken within a second. It unlocks and exits once the kernel grants it the lock. */
const ABANDONED: Ending = [Status.cancelled, true, 0, ''];

/** One wait in the kernel, on a thread of the addon, for a path's queue. */
export class KernelWait {
  readonly index: number;
  readonly mode: LockMode;
  /** The cancelled waiter that this wait ran for. Its promise settles when the wait ends. */
  cancelledWaiter: Waiter | undefined;
  readonly #settle: (ending: Ending) => void;
  #isCancelling = false;
  #hasEnded = false;
  #resend: NodeJS.Timeout | undefined;

  /** @param settle - Called when the wait has ended, unless {@link stop} or {@link endIfOver} returned its ending. */
  constructor(index: number, mode: LockMode, settle: (ending: Ending) => void) {
    this.index = index;
    this.mode = mode;
    this.#settle = settle;
    onEnd(index, (...ending) => this.#end(ending));
  }

  /** False once a cancel has begun. */
  get isPending(): boolean {
    return !this.#isCancelling;
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

  rejectCancelled(): void {
    this.cancelledWaiter?.reject(this.cancelledWaiter.cancellation?.reason());
  }

  /** Stops the thread, and blocks until it has stopped. The wait may have been granted in the meantime. */
  stop(): Ending {
    let ending: Ending | undefined;
    for (let ms = 1; ending === undefined; ms = Math.min(2 * ms, LONGEST_RESEND_MS)) {
      ending = this.#cancelOnce() ? finish(this.index, ms) : ABANDONED;
    }
    this.#noteEnd();
    return ending;
  }

  /** The ending of a wait that is over but whose event has not come yet. Never blocks. */
  endIfOver(): Ending | undefined {
    const ending = finish(this.index, 0);
    if (ending !== undefined) this.#noteEnd();
    return ending;
  }

  #end(ending: Ending): void {
    if (this.#hasEnded) return;
    this.#noteEnd();
    this.#settle(ending);
  }

  /** Resends the signal until the wait ends: a signal that arrives just before the thread enters the kernel is lost. */
  #send(pauseMs: number): void {
    if (!this.#cancelOnce()) {
      // Not now: the caller of cancel() has not finished its own work yet.
      process.nextTick(() => this.#end(ABANDONED));
      return;
    }
    this.#resend = setTimeout(() => this.#send(Math.min(2 * pauseMs, LONGEST_RESEND_MS)), pauseMs);
    if (this.cancelledWaiter?.keepAlive !== true) this.#resend.unref();
  }

  /** Returns false if the thread could not be woken. Its end is then no event. */
  #cancelOnce(): boolean {
    if (addon().cancelWait(this.index)) return true;
    forgetWait(this.index);
    return false;
  }

  #noteEnd(): void {
    this.#hasEnded = true;
    clearTimeout(this.#resend);
  }
}
