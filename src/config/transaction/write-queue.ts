import { deadlockError, HeldLock } from '../../lock/internal.js';
import { preparse } from '../file/read-document.js';
import { isStillAt, resolveForWriting } from '../file/resolve.js';
import { asWriteFailure } from '../file/write-denial.js';
import { ownTransactions } from './deadline.js';
import { creationMode } from './file-mode.js';
import { LockWait } from './lock-wait.js';
import type { ConfigTransaction } from './merge-changes.js';
import { StepRun, type Steps } from './steps.js';
import type { SyncCall } from './sync-call.js';
import { runTransaction } from './transaction.js';
import { WriteCall, type WriteOptions } from './write-call.js';

/** The most calls that one transaction merges. The others wait for the next one. */
const MAX_BATCH = 10_000;

/** The queue of each config that this thread is writing, by the name that its callers use. */
const queues = new Map<string, WriteQueue>();

/** The queue of a config. It starts with its first call, and is forgotten after its last one. */
export function queueFor(locate: () => string): WriteQueue {
  const path = locate();
  return queues.get(path) ?? new WriteQueue(path, locate);
}

export function hasQueues(): boolean {
  return queues.size > 0;
}

/** The queues for one config: by a name of it, or by the lock file that all of its names share. */
export function queuesOf(path: string, lockPath: string | undefined): WriteQueue[] {
  return queues.size === 0 ? [] : [...queues.values()].filter((queue) => queue.isFor(path, lockPath));
}

/**
 * The calls of this thread that write one config. All calls that wait when the lock is granted are merged into one
 * transaction (group commit). The queue exists while it has calls.
 */
class WriteQueue {
  readonly #path: string;
  readonly #locate: () => string;
  readonly #calls = new Set<WriteCall>();
  #run: StepRun | undefined;
  /** The lock file that the last call waited for. */
  #lockPath: string | undefined;
  #lockWait: LockWait | undefined;
  /** Held from the grant to the end of the transaction. */
  #lock: HeldLock | undefined;
  /** How often a transaction had to start over. */
  #restarts = 0;

  constructor(path: string, locate: () => string) {
    this.#path = path;
    this.#locate = locate;
  }

  isFor(path: string, lockPath: string | undefined): boolean {
    return this.#path === path || (lockPath !== undefined && this.#lockPath === lockPath);
  }

  add(change: (transaction: ConfigTransaction) => unknown, options: WriteOptions): Promise<unknown> {
    const call = new WriteCall(this.#leave, change, options);
    this.#calls.add(call);
    call.lockPath = this.#lockPath;
    if (this.#run === undefined) {
      queues.set(this.#path, this);
      this.#run = new StepRun(this.#runBatches());
      this.#run.run();
    } else if (this.#lockPath !== undefined) {
      call.noteWait(this.#lockPath);
      if (this.#lockWait?.isBusy) call.noteBusy();
    }
    return call.promise;
  }

  /**
   * Blocks until the calls that wait now have settled, for a synchronous call that comes after them.
   *
   * @throws ZjjError LOCK_DEADLOCK: the caller runs inside their transaction. What {@link StepRun.finish} throws.
   */
  finish(call: SyncCall, lockPath: string): void {
    if (this.#run?.isInside) throw deadlockError(lockPath);
    const earlier = [...this.#calls];
    const restarts = this.#restarts;
    this.#run?.finish(() => {
      if (this.#restarts !== restarts) call.noteRestart(lockPath);
      return this.#lock === undefined && !earlier.some((each) => this.#calls.has(each));
    }, call);
  }

  /** For a synchronous call of this thread that needs the lock. Without effect inside the transaction. */
  readonly #finishTransaction = (): void => {
    if (!this.#run?.isInside) this.#run?.finish(() => this.#lock === undefined);
  };

  readonly #leave = (call: WriteCall, reason: () => unknown): void => {
    // A call whose merge has begun is no longer in the set, and cannot leave.
    if (!this.#calls.delete(call)) return;
    const fail = () => call.fail(reason());
    if (this.#calls.size === 0 && this.#lockWait !== undefined) this.#lockWait.abandon(fail);
    else fail();
  };

  *#runBatches(): Steps<void> {
    while (this.#calls.size > 0) {
      try {
        yield* this.#runBatch();
      } catch (error) {
        const failure = asWriteFailure(error);
        for (const call of this.#take(Number.POSITIVE_INFINITY)) call.fail(failure);
      }
    }
    queues.delete(this.#path);
  }

  *#runBatch(): Steps<void> {
    const path = resolveForWriting(this.#locate(), creationMode(this.#calls));
    preparse(path);
    const lockPath = `${path}.lock`;
    const lock = yield* this.#acquire(lockPath);
    if (lock === undefined) return;
    ownTransactions.add(lockPath);
    let batch: WriteCall[] = [];
    try {
      if (!isStillAt(path, this.#locate())) {
        this.#noteRestart(this.#calls);
        return;
      }
      batch = this.#take(MAX_BATCH);
      if (batch.length === 0) return;
      const isDone = yield* runTransaction(lock, path, batch, true);
      if (isDone) for (const call of batch) call.settle();
      else this.#putBack(batch);
    } catch (error) {
      const failure = asWriteFailure(error);
      for (const call of batch) call.fail(failure);
      if (batch.length === 0) throw error;
    } finally {
      ownTransactions.delete(lockPath);
      lock.release();
      this.#lock = undefined;
    }
  }

  /** Undefined if all calls gave up. */
  *#acquire(lockPath: string): Steps<HeldLock | undefined> {
    this.#lockPath = lockPath;
    for (const call of this.#calls) call.lockPath = lockPath;
    this.#lockWait = new LockWait(lockPath, this.#calls, creationMode(this.#calls), {
      onBusy: () => {
        // Iterate over a copy: a call that gives up leaves the set.
        for (const call of [...this.#calls]) {
          call.noteWait(lockPath);
          call.noteBusy();
        }
      },
      onGrant: (lock) => {
        this.#lock = lock;
        HeldLock.endOnDemand(lock, this.#finishTransaction);
      },
    });
    try {
      return (yield this.#lockWait) as HeldLock | undefined;
    } finally {
      this.#lockWait = undefined;
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

  #noteRestart(calls: Iterable<WriteCall>): void {
    this.#restarts++;
    for (const call of calls) call.noteRestart();
  }

  /** The lock was lost. The batch returns to the head of the queue, and its timeouts count again. */
  #putBack(batch: readonly WriteCall[]): void {
    this.#noteRestart(batch);
    const later = [...this.#calls];
    this.#calls.clear();
    for (const call of batch) {
      call.outcome = undefined;
      this.#calls.add(call);
      call.startClock();
    }
    for (const call of later) this.#calls.add(call);
    // An abort or a timeout during the merge had no effect then.
    for (const call of batch) call.giveUpIfOver();
  }
}
