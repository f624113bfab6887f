import { acquire, Canceller, type HeldLock } from '../../lock/internal.js';
import type { Wait } from './steps.js';
import type { SyncCall } from './sync-call.js';
import type { WriteCall } from './write-call.js';

interface LockWaitEvents {
  /** Another holder has the lock. */
  readonly onBusy: () => void;
  /** The lock is held from now on. */
  readonly onGrant: (lock: HeldLock) => void;
}

/** The wait of a queue's calls for the lock of their config. It ends without the lock if all of them give up. */
export class LockWait implements Wait<HeldLock | undefined> {
  readonly #lockPath: string;
  readonly #calls: ReadonlySet<WriteCall>;
  readonly #fileMode: number;
  readonly #events: LockWaitEvents;
  #isBusy = false;
  #lock: HeldLock | undefined;
  #acquiring: Canceller | undefined;
  #afterwards: (() => void)[] = [];

  constructor(lockPath: string, calls: ReadonlySet<WriteCall>, fileMode: number, events: LockWaitEvents) {
    this.#lockPath = lockPath;
    this.#calls = calls;
    this.#fileMode = fileMode;
    this.#events = events;
  }

  /** Whether another holder has the lock, as far as this thread knows. */
  get isBusy(): boolean {
    return this.#isBusy && this.#lock === undefined;
  }

  async start(): Promise<HeldLock | undefined> {
    const canceller = new Canceller();
    this.#acquiring = canceller;
    try {
      return await acquire(this.#lockPath, {
        signal: canceller,
        fileMode: this.#fileMode,
        onBusy: this.#noteBusy,
        onGrant: this.#grant,
      });
    } catch (error) {
      if (canceller.aborted) return undefined;
      throw error;
    } finally {
      this.#acquiring = undefined;
      for (const fail of this.#afterwards) fail();
    }
  }

  finish(call: SyncCall | undefined): () => HeldLock | undefined {
    const lock = this.#lock ?? (call === undefined ? undefined : this.#acquireFor(call));
    // It goes on until now: if the call's time is over first, the others keep their place.
    this.#acquiring?.abort();
    return () => lock;
  }

  /**
   * Ends the wait because its last call gives up.
   *
   * @param fail - Rejects the call. Called when the wait has ended, so that no thread, descriptor or late grant remains.
   */
  abandon(fail: () => void): void {
    if (this.#acquiring === undefined) {
      fail();
      return;
    }
    this.#afterwards.push(fail);
    this.#acquiring.abort();
  }

  /** Blocks. No timer runs then, so calls whose time is over must be found here. */
  #acquireFor(call: SyncCall): HeldLock | undefined {
    for (;;) {
      let mostMs = Number.POSITIVE_INFINITY;
      // Iterate over a copy: a call that expires leaves the set.
      for (const other of [...this.#calls]) mostMs = Math.min(mostMs, other.expireOrLeftMs());
      if (this.#calls.size === 0) return undefined;
      const lock = call.acquire(this.#lockPath, { fileMode: this.#fileMode, mostMs, onBusy: this.#noteBusy });
      if (lock !== undefined) this.#grant(lock);
      if (this.#lock !== undefined) return this.#lock;
    }
  }

  readonly #noteBusy = (): void => {
    this.#isBusy = true;
    this.#events.onBusy();
  };

  readonly #grant = (lock: HeldLock): void => {
    this.#lock = lock;
    this.#events.onGrant(lock);
  };
}
