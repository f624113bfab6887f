import { readRecord } from '../lock/internal.js';
import { LONGEST_MS, STUCK_MS } from './write-options.js';

/**
 * How long a call waits for the config's lock. A timeout of the caller's is absolute. Without one it is 5 s without
 * progress: as long as the lock's record changes the lock has changed hands, and a long queue that moves is not an
 * error, up to 60 s.
 */
export class Deadline {
  /** Milliseconds that were, or would have been, waited when this deadline is over. */
  waitedMs: number;
  readonly #start = performance.now();
  readonly #isAbsolute: boolean;
  #record: string | undefined;

  constructor(timeoutMs: number | undefined) {
    this.#isAbsolute = timeoutMs !== undefined;
    this.waitedMs = timeoutMs ?? STUCK_MS;
  }

  /** What the record said when the wait began. */
  noteRecord(record: string | undefined): void {
    this.#record = record;
  }

  get leftMs(): number {
    return Math.max(0, this.#start + this.waitedMs - performance.now());
  }

  /** Asked when it is over: whether it starts anew. */
  renew(lockPath: string): boolean {
    if (this.#isAbsolute || this.waitedMs >= LONGEST_MS) return false;
    const record = readRecord(lockPath);
    if (record === this.#record) return false;
    this.#record = record;
    this.waitedMs = Math.min(this.waitedMs + STUCK_MS, LONGEST_MS);
    return true;
  }
}
