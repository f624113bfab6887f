import { clearTimeout, setTimeout } from 'node:timers';
import type { WaitOptions } from '../../lock/index.js';
import {
  abortReason,
  CallSite,
  checkFunction,
  checkOptions,
  checkSignal,
  checkTimeout,
  listenForAbort,
  type OptionNames,
  readHolder,
  throwIfAborted,
  timeoutError,
} from '../../lock/internal.js';
import { Deadline } from './deadline.js';
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

/** The longest delay of a Node.js timer. A longer wait takes several timers. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The names of the options of {@link WriteSyncOptions}. */
export const WRITE_SYNC_OPTIONS: OptionNames = new Set(['timeout', 'onWait', 'fileMode']);
/** The names of the options of {@link WriteOptions}. */
export const WRITE_OPTIONS: OptionNames = new Set([...WRITE_SYNC_OPTIONS, 'signal']);

/**
 * Checks options before the call begins, so that it refuses wrong ones even if it has nothing to do.
 *
 * @param names - The options that the call takes.
 * @throws TypeError: an option is unknown or of the wrong type. RangeError: a number is out of range.
 */
export function checkWriteOptions(options: WriteOptions | undefined, names: OptionNames): void {
  if (options === undefined) return;
  checkOptions(options, names);
  checkFunction(options.onWait, 'onWait');
  checkSignal(options.signal);
  if (options.timeout !== undefined) checkTimeout(options.timeout);
  fileModeOf(options);
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
  readonly #site = new CallSite();
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
    this.#deadline = new Deadline(options.timeout);
    this.#triesOnce = options.timeout === 0;
    this.#signal = options.signal;
    throwIfAborted(this.#signal);
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
    const isEndless = this.#deadline.leftMs === Number.POSITIVE_INFINITY;
    // An endless wait has a timer if it has a signal: the one of AbortSignal.timeout() does not keep the process alive.
    if (this.#triesOnce || (isEndless && this.#signal === undefined)) return;
    this.#timer = setTimeout(() => this.#expire(), Math.min(this.#deadline.leftMs, MAX_TIMER_MS));
  }

  /** Stops the clock: once merging starts, the call reports its real outcome. */
  stopClock(): void {
    clearTimeout(this.#timer);
  }

  /** Called when another process, another thread or an earlier transaction of this thread holds the lock. */
  noteWait(lockPath: string): void {
    this.#deadline.startWait(lockPath);
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
    this.#leaveQueue(this, () => abortReason(this.#signal));
  }

  /** Called when the lock was granted but lost, or the path led elsewhere by then. */
  noteRestart(): void {
    this.#deadline.noteRestart();
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
    else this.#leaveQueue(this, () => this.#site.giveTo(timeoutError(lockPath ?? '', this.#deadline.waitedMs)));
  }

  #end(): void {
    this.stopClock();
    this.#signal?.removeEventListener('abort', this);
  }
}
