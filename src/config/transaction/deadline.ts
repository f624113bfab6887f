import { readRecord } from '../../lock/internal.js';
import { LONGEST_MS, STUCK_MS } from './write-options.js';

/**
 * How long a call waits for the config's lock. A timeout of the caller's is absolute. Without one it is 5 s without
 * progress: as long as the lock's record changes the lock has changed hands, and a long queue that moves is not an
 * error, up to 60 s.
 */
export class Deadline {
  readonly #start = performance.now();
  readonly #timeoutMs: number | undefined;
  /** Since when the record says what it says, as far as is known. */
  #stuckSince = this.#start;
  #record: string | undefined;
  #isRenewed = false;

  constructor(timeoutMs: number | undefined) {
    this.#timeoutMs = timeoutMs;
  }

  /** What the record says now, at the beginning of a wait. */
  noteRecord(record: string | undefined): void {
    this.#record = record;
    this.#stuckSince = performance.now();
  }

  get leftMs(): number {
    const end =
      this.#timeoutMs === undefined
        ? Math.min(this.#stuckSince + STUCK_MS, this.#start + LONGEST_MS)
        : this.#start + this.#timeoutMs;
    return Math.max(0, end - performance.now());
  }

  /** Asked when it is over: whether it starts anew. */
  renew(lockPath: string): boolean {
    const now = performance.now();
    if (this.#timeoutMs !== undefined || now - this.#start >= LONGEST_MS) return false;
    const record = readRecord(lockPath);
    if (record === this.#record) return false;
    this.noteRecord(record);
    this.#isRenewed = true;
    return true;
  }

  /** Milliseconds that were waited, once it is over. */
  get waitedMs(): number {
    if (this.#timeoutMs !== undefined) return this.#timeoutMs;
    return this.#isRenewed ? Math.round(performance.now() - this.#start) : STUCK_MS;
  }
}
