import { acquire, type HeldLock, readRecord } from '../../lock/internal.js';
import { warm } from '../file/read.js';
import { isStillAt, resolveForWriting } from '../file/resolve.js';
import { commitBatch } from './commit-batch.js';
import { drive } from './drive.js';
import type { WaitingRoom, WriteCall } from './write-call.js';

/** One transaction merges so many calls at the most; the others are for the next. */
const MAX_BATCH = 10_000;

/** How old what we know of the lock's record may be for a call that joins a wait. */
const RECORD_AGE_MS = 50;

/**
 * The calls of this thread that write one config. Those that wait when the lock is granted are merged in one
 * transaction: group commit.
 */
export class WriteQueue implements WaitingRoom {
  lockPath: string | undefined;
  readonly #locate: () => string;
  readonly #onEmpty: () => void;
  readonly #calls = new Set<WriteCall>();
  #isRunning = false;
  /** Ends the wait for the lock when its last call has given up. */
  #wait: { readonly controller: AbortController; readonly ended: Promise<void> } | undefined;
  #record: { readonly text: string | undefined; readonly time: number } | undefined;

  constructor(locate: () => string, onEmpty: () => void) {
    this.#locate = locate;
    this.#onEmpty = onEmpty;
  }

  add(call: WriteCall): void {
    this.#calls.add(call);
    if (!this.#isRunning) void this.#run();
    else if (this.lockPath !== undefined) call.noteWait(this.#recentRecord(this.lockPath), this.lockPath);
  }

  giveUp(call: WriteCall, reason: () => unknown): void {
    // Not among those that wait: its merge has begun.
    if (!this.#calls.delete(call)) return;
    const wait = this.#wait;
    if (this.#calls.size > 0 || wait === undefined) {
      call.fail(reason());
      return;
    }
    // It was the last. Nothing of it is left behind once it is told: no thread, no descriptor, no late grant.
    wait.controller.abort();
    void wait.ended.then(() => call.fail(reason()));
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#calls.size > 0) {
      try {
        await this.#transaction();
      } catch (error) {
        for (const call of this.#take(Number.POSITIVE_INFINITY)) call.fail(error);
      }
    }
    this.#isRunning = false;
    this.#onEmpty();
  }

  async #transaction(): Promise<void> {
    const path = resolveForWriting(this.#locate());
    warm(path);
    const lock = await this.#acquire(`${path}.lock`);
    if (lock === undefined) return;
    let batch: WriteCall[] = [];
    try {
      if (!isStillAt(path, this.#locate())) return;
      batch = this.#take(MAX_BATCH);
      if (batch.length === 0) return;
      const isDone = await drive(commitBatch(lock, path, batch, batch[0]?.fileMode ?? 0, true));
      if (isDone) for (const call of batch) call.settle();
      else this.#putBack(batch);
    } catch (error) {
      for (const call of batch) call.fail(error);
      if (batch.length === 0) throw error;
    } finally {
      lock.release();
    }
  }

  /** Undefined when every call gave up. */
  async #acquire(lockPath: string): Promise<HeldLock | undefined> {
    this.lockPath = lockPath;
    const controller = new AbortController();
    const [first] = this.#calls;
    let hasEnded!: () => void;
    // Set before the call: its onBusy runs within it, and may make the last of our calls give up.
    this.#wait = { controller, ended: new Promise((resolve) => (hasEnded = resolve)) };
    const granted = acquire(lockPath, {
      signal: controller.signal,
      readsState: true,
      fileMode: first?.fileMode,
      onBusy: () => {
        const record = this.#recentRecord(lockPath);
        // A copy: one whose onWait throws leaves.
        for (const call of [...this.#calls]) call.noteWait(record, lockPath);
      },
    });
    try {
      return await granted;
    } catch (error) {
      if (controller.signal.aborted) return undefined;
      throw error;
    } finally {
      this.#wait = undefined;
      hasEnded();
    }
  }

  #take(most: number): WriteCall[] {
    const batch: WriteCall[] = [];
    for (const call of this.#calls) {
      if (batch.length === most) break;
      call.disarm();
      batch.push(call);
    }
    if (batch.length === this.#calls.size) this.#calls.clear();
    else for (const call of batch) this.#calls.delete(call);
    return batch;
  }

  /** The lock was lost: the batch goes to the head of the queue again, and its deadlines count again. */
  #putBack(batch: readonly WriteCall[]): void {
    const later = [...this.#calls];
    this.#calls.clear();
    for (const call of batch) {
      call.outcome = undefined;
      this.#calls.add(call);
      call.arm();
    }
    for (const call of later) this.#calls.add(call);
    // What came about while they were being merged: no event comes for it any more.
    for (const call of batch) call.giveUpIfOver();
  }

  #recentRecord(lockPath: string): string | undefined {
    const now = performance.now();
    if (this.#record === undefined || now - this.#record.time > RECORD_AGE_MS) {
      this.#record = { text: readRecord(lockPath), time: now };
    }
    return this.#record.text;
  }
}
