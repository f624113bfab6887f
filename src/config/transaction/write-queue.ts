// This folder turns calls into transactions: the call, its queue, one transaction under the lock, and its steps.

import { ZjjError } from '../../errors.js';
import { acquire, acquireSync, type HeldLock, timeoutError } from '../../lock/internal.js';
import { preparse } from '../file/read-document.js';
import { isStillAt, resolveForWriting } from '../file/resolve.js';
import { Deadline, ownTransactions } from './deadline.js';
import type { ConfigTransaction, PendingChange } from './merge-changes.js';
import { runSteps, runStepsSync } from './steps.js';
import { runTransaction } from './transaction.js';
import { fileModeOf, WriteCall, type WriteOptions, type WriteSyncOptions } from './write-call.js';

/** The most calls that one transaction merges. The others wait for the next one. */
const MAX_BATCH = 10_000;

/** The queue of each config that this thread is writing. */
const queues = new Map<string, WriteQueue>();

/**
 * Runs a change in a transaction, together with the other calls of this thread that wait for the same config.
 *
 * @param locate - Returns the config's absolute path. Called again once the lock is held, since another process may have
 *   changed the answer in the meantime.
 * @param change - Runs under the lock; must be synchronous.
 * @returns What `change` returned, once its edits are on disk.
 */
export async function transact<R>(
  locate: () => string,
  change: (transaction: ConfigTransaction) => R,
  options: WriteOptions = {},
): Promise<R> {
  checkChange(change);
  const path = locate();
  const queue = queues.get(path) ?? new WriteQueue(path, locate);
  return queue.add(change, options) as Promise<R>;
}

/** As {@link transact}, but blocks the thread, and merges no other calls. */
export function transactSync<R>(
  locate: () => string,
  change: (transaction: ConfigTransaction) => R,
  options: WriteSyncOptions = {},
): R {
  checkChange(change);
  const fileMode = fileModeOf(options);
  const deadline = new Deadline(options.timeout);
  let onWait = options.onWait;
  for (;;) {
    const path = resolveForWriting(locate());
    const lockPath = `${path}.lock`;
    preparse(path);
    const lock = acquireBefore(deadline, lockPath, fileMode, (holder) => {
      onWait?.(holder);
      onWait = undefined;
    });
    const pending: PendingChange = { change, outcome: undefined };
    let isDone = false;
    try {
      isDone = isStillAt(path, locate()) && runStepsSync(runTransaction(lock, path, [pending], fileMode, false));
    } finally {
      lock.release();
    }
    if (isDone && pending.outcome !== undefined) {
      if ('error' in pending.outcome) throw pending.outcome.error;
      return pending.outcome.value as R;
    }
    deadline.noteRestart();
    if (deadline.leftMs <= 0 && !deadline.renew(lockPath)) throw timeoutError(lockPath, deadline.waitedMs);
  }
}

/** Whether calls of this thread for that path are still running. */
export function hasPendingCalls(path: string): boolean {
  return queues.has(path);
}

function checkChange(change: unknown): void {
  if (typeof change !== 'function') throw new TypeError(`change must be a function, not ${typeof change}`);
}

function acquireBefore(
  deadline: Deadline,
  lockPath: string,
  fileMode: number,
  onWait: NonNullable<WriteSyncOptions['onWait']>,
): HeldLock {
  let isWaiting = false;
  for (;;) {
    try {
      return acquireSync(lockPath, {
        timeout: deadline.leftMs,
        readsState: true,
        fileMode,
        onWait: (holder) => {
          if (!isWaiting) deadline.startWait(lockPath);
          isWaiting = true;
          onWait(holder);
        },
      });
    } catch (error) {
      const hasTimedOut = error instanceof ZjjError && error.code === 'LOCK_TIMEOUT';
      if (!hasTimedOut) throw error;
      if (deadline.leftMs <= 0 && !deadline.renew(lockPath)) throw timeoutError(lockPath, deadline.waitedMs);
    }
  }
}

/**
 * The calls of this thread that write one config. All calls that wait when the lock is granted are merged into one
 * transaction (group commit). The queue exists while it has calls.
 */
class WriteQueue {
  readonly #path: string;
  readonly #locate: () => string;
  readonly #calls = new Set<WriteCall>();
  #isRunning = false;
  /** The lock file that the last call waited for. */
  #lockPath: string | undefined;
  /** The wait for the lock. It is aborted when its last call gives up. */
  #wait: { readonly controller: AbortController; readonly ended: Promise<void> } | undefined;

  constructor(path: string, locate: () => string) {
    this.#path = path;
    this.#locate = locate;
  }

  add(change: (transaction: ConfigTransaction) => unknown, options: WriteOptions): Promise<unknown> {
    const call = new WriteCall(this.#leave, change, options);
    this.#calls.add(call);
    call.lockPath = this.#lockPath;
    if (!this.#isRunning) void this.#run();
    else if (this.#lockPath !== undefined) call.noteWait(this.#lockPath);
    return call.promise;
  }

  readonly #leave = (call: WriteCall, reason: () => unknown): void => {
    // A call whose merge has begun is no longer in the set, and cannot leave.
    if (!this.#calls.delete(call)) return;
    const wait = this.#wait;
    if (this.#calls.size > 0 || wait === undefined) {
      call.fail(reason());
      return;
    }
    // It was the last call. End the wait before the call rejects, so that no thread, descriptor or late grant remains.
    wait.controller.abort();
    void wait.ended.then(() => call.fail(reason()));
  };

  async #run(): Promise<void> {
    this.#isRunning = true;
    queues.set(this.#path, this);
    while (this.#calls.size > 0) {
      try {
        await this.#runBatch();
      } catch (error) {
        for (const call of this.#take(Number.POSITIVE_INFINITY)) call.fail(error);
      }
    }
    queues.delete(this.#path);
  }

  async #runBatch(): Promise<void> {
    const path = resolveForWriting(this.#locate());
    preparse(path);
    const lockPath = `${path}.lock`;
    const lock = await this.#acquire(lockPath);
    if (lock === undefined) return;
    ownTransactions.add(lockPath);
    let batch: WriteCall[] = [];
    try {
      if (!isStillAt(path, this.#locate())) {
        for (const call of this.#calls) call.noteRestart();
        return;
      }
      batch = this.#take(MAX_BATCH);
      if (batch.length === 0) return;
      const isDone = await runSteps(runTransaction(lock, path, batch, batch[0]?.fileMode ?? 0, true));
      if (isDone) for (const call of batch) call.settle();
      else this.#putBack(batch);
    } catch (error) {
      for (const call of batch) call.fail(error);
      if (batch.length === 0) throw error;
    } finally {
      ownTransactions.delete(lockPath);
      lock.release();
    }
  }

  /** Undefined if all calls gave up. */
  async #acquire(lockPath: string): Promise<HeldLock | undefined> {
    this.#lockPath = lockPath;
    for (const call of this.#calls) call.lockPath = lockPath;
    const controller = new AbortController();
    const [first] = this.#calls;
    let hasEnded!: () => void;
    // Set before acquire() is called: it may call onBusy at once, and the last call may then give up.
    this.#wait = { controller, ended: new Promise((resolve) => (hasEnded = resolve)) };
    const granted = acquire(lockPath, {
      signal: controller.signal,
      readsState: true,
      fileMode: first?.fileMode,
      onBusy: () => {
        // Iterate over a copy: a call whose onWait throws leaves the set.
        for (const call of [...this.#calls]) call.noteWait(lockPath);
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
      call.stopClock();
      batch.push(call);
    }
    if (batch.length === this.#calls.size) this.#calls.clear();
    else for (const call of batch) this.#calls.delete(call);
    return batch;
  }

  /** The lock was lost. The batch returns to the head of the queue, and its timeouts count again. */
  #putBack(batch: readonly WriteCall[]): void {
    const later = [...this.#calls];
    this.#calls.clear();
    for (const call of batch) {
      call.outcome = undefined;
      call.noteRestart();
      this.#calls.add(call);
      call.startClock();
    }
    for (const call of later) this.#calls.add(call);
    // An abort or a timeout during the merge had no effect then.
    for (const call of batch) call.giveUpIfOver();
  }
}
