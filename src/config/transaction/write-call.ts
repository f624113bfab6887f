import type { LockHolder, WaitOptions } from '../../lock/index.js';
import { listenForAbort, readHolder, timeoutError } from '../../lock/internal.js';
import { Deadline } from './deadline.js';
import type { ConfigTransaction, PendingChange } from './merge-changes.js';

/** What timers can count: longer waits take several. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Where a call waits. */
export interface WaitingRoom {
  readonly lockPath: string | undefined;
  /** The call leaves, and rejects with `reason()`. */
  giveUp(call: WriteCall, reason: () => unknown): void;
}

/** One asynchronous call: its promise, its deadline, its signal. */
export class WriteCall implements PendingChange {
  readonly promise: Promise<unknown>;
  readonly change: (transaction: ConfigTransaction) => unknown;
  readonly fileMode: number;
  outcome: PendingChange['outcome'];
  readonly #room: WaitingRoom;
  readonly #deadline: Deadline;
  readonly #signal: AbortSignal | undefined;
  #onWait: WaitOptions['onWait'];
  #resolve!: (value: unknown) => void;
  #reject!: (reason: unknown) => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    room: WaitingRoom,
    change: (transaction: ConfigTransaction) => unknown,
    options: {
      timeoutMs: number | undefined;
      fileMode: number;
      signal?: AbortSignal | undefined;
      onWait?: WaitOptions['onWait'];
    },
  ) {
    this.#room = room;
    this.change = change;
    this.fileMode = options.fileMode;
    this.#deadline = new Deadline(options.timeoutMs);
    this.#signal = options.signal;
    this.#onWait = options.onWait;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    if (options.signal !== undefined) listenForAbort(options.signal, this);
    this.arm();
  }

  /** From now on timeout and signal count. */
  arm(): void {
    if (this.#deadline.leftMs === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(() => this.#expire(), Math.min(this.#deadline.leftMs, LONGEST_TIMER_MS));
  }

  /** From now on they do not: the merge begins, and what really happens is reported. */
  disarm(): void {
    clearTimeout(this.#timer);
  }

  /** The lock is somebody else's. */
  noteWait(record: string | undefined, lockPath: string): void {
    this.#deadline.noteRecord(record);
    const onWait = this.#onWait;
    this.#onWait = undefined;
    if (onWait === undefined) return;
    const holder: LockHolder | undefined = readHolder(lockPath);
    try {
      onWait(holder);
    } catch (error) {
      this.#room.giveUp(this, () => error);
    }
  }

  /** Tells the caller what became of its change. */
  settle(): void {
    const outcome = this.outcome;
    if (outcome === undefined) return;
    this.#end();
    if ('error' in outcome) this.#reject(outcome.error);
    else this.#resolve(outcome.value);
  }

  /** The transaction failed as a whole; a change that itself had failed says so rather. */
  fail(error: unknown): void {
    this.#end();
    this.#reject(this.outcome !== undefined && 'error' in this.outcome ? this.outcome.error : error);
  }

  /** The signal's listener. */
  handleEvent(): void {
    this.#room.giveUp(this, () => this.#signal?.reason);
  }

  /** Gives up what was aborted, or whose time ran out, while signal and timeout did not count. */
  giveUpIfOver(): void {
    if (this.#signal?.aborted) this.handleEvent();
    else if (this.#deadline.leftMs <= 0) {
      this.disarm();
      this.#expire();
    }
  }

  #expire(): void {
    if (this.#deadline.leftMs > 0) {
      this.arm();
      return;
    }
    const lockPath = this.#room.lockPath;
    if (lockPath !== undefined && this.#deadline.renew(lockPath)) this.arm();
    else this.#room.giveUp(this, () => timeoutError(lockPath ?? '', this.#deadline.waitedMs));
  }

  #end(): void {
    this.disarm();
    this.#signal?.removeEventListener('abort', this);
  }
}
