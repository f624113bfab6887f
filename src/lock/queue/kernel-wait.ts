import type { OnWaitEnd } from '../binding/addon.js';
import { addon, forgetWait, onWaitEnd } from '../binding/native-locks.js';
import type { LockMode } from '../options.js';
import type { Waiter } from './waiter.js';

interface KernelWaitEvents {
  readonly ended: OnWaitEnd;
  /** It cannot be woken and is given up; `ended` will not come. */
  readonly lost: () => void;
}

/** One wait in the kernel, on a thread of the addon, on behalf of a path's queue. */
export class KernelWait {
  readonly index: number;
  readonly mode: LockMode;
  /** The last one that this wait was for, who gave up and waits for its end. */
  leaver: Waiter | undefined;
  readonly #events: KernelWaitEvents;
  #cancelling = false;
  #resend: NodeJS.Timeout | undefined;

  constructor(index: number, mode: LockMode, events: KernelWaitEvents) {
    this.index = index;
    this.mode = mode;
    this.#events = events;
    onWaitEnd(index, (status, waited, errno, call) => {
      if (this.#cancelling) clearTimeout(this.#resend);
      events.ended(status, waited, errno, call);
    });
  }

  /** Not yet being cancelled. */
  get isPending(): boolean {
    return !this.#cancelling;
  }

  cancelFor(leaver: Waiter): void {
    this.leaver = leaver;
    this.cancel();
  }

  /** Never blocks; the end is an event. */
  cancel(): void {
    if (this.#cancelling) return;
    this.#cancelling = true;
    this.#send(1);
  }

  /** A signal that comes just before the thread enters the kernel is lost, so it is sent until the thread is out. */
  #send(pauseMs: number): void {
    if (!addon().cancelWait(this.index)) {
      forgetWait(this.index);
      // Not at once: whoever cancels has not finished its own work.
      queueMicrotask(() => this.#events.lost());
      return;
    }
    this.#resend = setTimeout(() => this.#send(Math.min(2 * pauseMs, 16)), pauseMs);
    if (this.leaver?.keepAlive !== true) this.#resend.unref();
  }
}
