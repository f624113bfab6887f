import type { WaitOptions } from '../../lock/index.js';
import { checkTimeout, listenForAbort, readHolder, readRecord, timeoutError } from '../../lock/internal.js';
import { fileModeOf } from './file-mode.js';
import type { ConfigTransaction, PendingChange } from './merge-changes.js';

export interface WriteOptions extends WaitOptions {
  /**
   * The permission bits of a config that this call creates, and of its lock file. The umask applies. Default: 0o666.
   * Calls that are written together create what all of them allow. If the config or its lock file exists and is wider,
   * a call with a `fileMode` that sets or unsets a key narrows it. A directory that is created denies others likewise.
   */
  fileMode?: number | undefined;
}

/** As {@link WriteOptions}, for the synchronous forms. */
export type WriteSyncOptions = Omit<WriteOptions, 'signal'>;

/** A write without a `timeout` fails after the lock has not changed hands for this long. */
const STALL_TIMEOUT_MS = 5_000;

/** A write without a `timeout` fails after this long even if the lock keeps changing hands. */
const MAX_WAIT_MS = 60_000;

/** The longest delay of a Node.js timer. A longer wait takes several timers. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * How long a call waits for the config's lock. A `timeout` counts from the call. Without a `timeout`, the call fails
 * after 5 seconds without progress. While the holder's record keeps changing, it waits for up to 60 seconds.
 */
export class Deadline {
  readonly #start = performance.now();
  readonly #timeoutMs: number | undefined;
  /** The record in the lock file when it was last read. */
  #record: string | undefined;
  /** When that record was first seen. */
  #unchangedSince = this.#start;
  #isRenewed = false;

  /** @throws RangeError, TypeError: `timeout` is not a number of milliseconds. */
  constructor({ timeout }: WriteOptions) {
    this.#timeoutMs = timeout === undefined ? undefined : checkTimeout(timeout);
  }

  /** Restarts the 5 seconds, at the start of a wait. */
  noteRecord(record: string | undefined): void {
    this.#record = record;
    this.#unchangedSince = performance.now();
  }

  get leftMs(): number {
    const end =
      this.#timeoutMs === undefined
        ? Math.min(this.#unchangedSince + STALL_TIMEOUT_MS, this.#start + MAX_WAIT_MS)
        : this.#start + this.#timeoutMs;
    return Math.max(0, end - performance.now());
  }

  /** Restarts the 5 seconds if the lock has changed hands. False if the call has timed out. */
  renew(lockPath: string): boolean {
    const now = performance.now();
    if (this.#timeoutMs !== undefined || now - this.#start >= MAX_WAIT_MS) return false;
    const record = readRecord(lockPath);
    if (record === this.#record) return false;
    this.noteRecord(record);
    this.#isRenewed = true;
    return true;
  }

  /** The milliseconds to report in a timeout. */
  get waitedMs(): number {
    if (this.#timeoutMs !== undefined) return this.#timeoutMs;
    return this.#isRenewed ? Math.round(performance.now() - this.#start) : STALL_TIMEOUT_MS;
  }
}

/** One asynchronous call that waits for the lock: its change, its promise, its deadline and its signal. */
export class WriteCall implements PendingChange {
  readonly promise: Promise<unknown>;
  readonly change: (transaction: ConfigTransaction) => unknown;
  readonly fileMode: number | undefined;
  outcome: PendingChange['outcome'];
  isWrite = false;
  /** Set by the queue as soon as it is known. */
  lockPath: string | undefined;
  readonly #leaveQueue: (call: WriteCall, reason: () => unknown) => void;
  readonly #triesOnce: boolean;
  readonly #deadline: Deadline;
  readonly #signal: AbortSignal | undefined;
  #onWait: WaitOptions['onWait'];
  #resolve!: (value: unknown) => void;
  #reject!: (reason: unknown) => void;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param leaveQueue - Takes the call out of its queue and rejects it with `reason()`, unless its merge has begun.
   * @throws RangeError, TypeError: an option is invalid. `signal.reason` if it is aborted.
   */
  constructor(
    leaveQueue: (call: WriteCall, reason: () => unknown) => void,
    change: (transaction: ConfigTransaction) => unknown,
    options: WriteOptions,
  ) {
    this.fileMode = fileModeOf(options);
    this.#deadline = new Deadline(options);
    this.#triesOnce = options.timeout === 0;
    this.#signal = options.signal;
    this.#signal?.throwIfAborted();
    this.#leaveQueue = leaveQueue;
    this.change = change;
    this.#onWait = options.onWait;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    if (this.#signal !== undefined) listenForAbort(this.#signal, this);
    this.startClock();
  }

  /** Starts the timer that enforces the deadline. A call with timeout 0 has none: its queue tries for it. */
  startClock(): void {
    if (this.#triesOnce || this.#deadline.leftMs === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(() => this.#expire(), Math.min(this.#deadline.leftMs, MAX_TIMER_MS));
  }

  /** Stops the clock: once merging starts, the call reports its real outcome. */
  stopClock(): void {
    clearTimeout(this.#timer);
  }

  /** Called when another process or thread holds the lock; `record` is what it wrote into the lock file. */
  noteWait(record: string | undefined, lockPath: string): void {
    this.#deadline.noteRecord(record);
    const onWait = this.#onWait;
    this.#onWait = undefined;
    if (onWait === undefined) return;
    const holder = readHolder(lockPath);
    try {
      onWait(holder);
    } catch (error) {
      this.#leaveQueue(this, () => error);
    }
  }

  /** Gives up if the timeout is 0: the queue has tried, and another holder has the lock. */
  noteBusy(): void {
    if (this.#triesOnce) this.#expire();
  }

  /** Gives up if the time is over, as the timer does. Returns the milliseconds that are left. */
  expireOrLeftMs(): number {
    if (this.#triesOnce) return Number.POSITIVE_INFINITY;
    if (this.#deadline.leftMs <= 0) this.#expire();
    return this.#deadline.leftMs;
  }

  /** Settles the promise with the outcome of the change. */
  settle(): void {
    const outcome = this.outcome;
    if (outcome === undefined) return;
    this.#end();
    if ('error' in outcome) this.#reject(outcome.error);
    else this.#resolve(outcome.value);
  }

  /** Rejects the promise because the whole transaction failed. An error that the change itself threw comes first. */
  fail(error: unknown): void {
    this.#end();
    this.#reject(this.outcome !== undefined && 'error' in this.outcome ? this.outcome.error : error);
  }

  /** The signal's listener. */
  handleEvent(): void {
    this.#leaveQueue(this, () => this.#signal?.reason);
  }

  /** Gives up if the signal was aborted or the time ran out while the clock was stopped. */
  giveUpIfOver(): void {
    if (this.#signal?.aborted) this.handleEvent();
    else if (this.#deadline.leftMs <= 0) this.#expire();
  }

  #expire(): void {
    const { lockPath } = this;
    this.stopClock();
    if (this.#deadline.leftMs > 0 || (lockPath !== undefined && this.#deadline.renew(lockPath))) this.startClock();
    else this.#leaveQueue(this, () => timeoutError(lockPath ?? '', this.#deadline.waitedMs));
  }

  #end(): void {
    this.stopClock();
    this.#signal?.removeEventListener('abort', this);
  }
}
