import { performance } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';
import { BUSY, DEADLOCK, flagsOf, type LockMode, TIMED_OUT } from './binding/addon.js';
import { asLockError, deadlockError, timeoutError } from './binding/lock-error.js';
import { addon } from './binding/native-locks.js';
import type { PathQueue } from './queue/path-queue.js';
import { busyQueues, queueOf } from './queue/queues.js';

interface SyncRequest {
  readonly mode: LockMode;
  readonly fileMode: number;
  readonly timeoutMs: number;
  /** When the timeout ends, on the clock of performance.now(). */
  readonly deadlineMs: number;
}

/**
 * Runs a synchronous call that needs the lock of a path, ahead of the asynchronous calls of this thread.
 *
 * @param path - The lock file, absolute.
 * @returns The result of `work`.
 */
export function aheadOfWaiters<R>(path: string, work: () => R): R {
  return withSuspended([queueOf(path)], work);
}

/**
 * Acquires a lock that was busy, and blocks this thread until then.
 *
 * A thread that blocks releases nothing. If it got one lock in the meantime while it blocks for another, two processes
 * could wait for each other. So this ends all transactions of this thread that hold a lock, and stops all its waits in
 * the kernel. They start again afterwards. That includes those by other names of the same lock file.
 *
 * @returns The index of the lock.
 * @throws ZjjError LOCK_DEADLOCK: this thread holds the lock. LockTimeoutError, and the failures of `lock`.
 */
export function waitSync(queue: PathQueue, request: SyncRequest): number {
  const { mode, timeoutMs } = request;
  if (timeoutMs === 0) return takeOrTry(queue, request);
  const others = busyQueues().filter((other) => other !== queue);
  return withSuspended([queue, ...others], () => {
    queue.endHolders();
    if (queue.isHeldAgainst(mode)) throw deadlockError(queue.path);
    for (const other of others) {
      other.endHolders();
      other.takeOver(undefined, true);
    }
    const index = queue.takeOver(mode, true);
    return index === BUSY ? block(queue, request) : index;
  });
}

/** Does not block, but the wait of an asynchronous call may have got the lock, and its event not have come yet. */
function takeOrTry(queue: PathQueue, { mode }: SyncRequest): number {
  const index = withSuspended([queue], () => queue.takeOver(mode, false));
  if (index === BUSY) throw timeoutError(queue.path, 0, queue.isHeldAgainst(mode));
  return index;
}

function withSuspended<R>(queues: readonly PathQueue[], work: () => R): R {
  for (const queue of queues) queue.suspend();
  try {
    return work();
  } finally {
    for (const queue of queues) queue.resume();
  }
}

function block(queue: PathQueue, { mode, fileMode, timeoutMs, deadlineMs }: SyncRequest): number {
  // A worker in a native call cannot be terminated, and blocks process.exit(). So it returns to JavaScript regularly.
  const sliceMs = isMainThread ? Number.POSITIVE_INFINITY : 100;
  let index: number;
  do {
    const leftMs = Math.min(sliceMs, Math.max(0, deadlineMs - performance.now()));
    try {
      index = addon().waitSync(queue.path, flagsOf(mode), fileMode, leftMs === Number.POSITIVE_INFINITY ? -1 : leftMs);
    } catch (thrown) {
      throw asLockError(queue.path, thrown);
    }
  } while (index === TIMED_OUT && performance.now() < deadlineMs);
  if (index === TIMED_OUT) throw timeoutError(queue.path, timeoutMs);
  if (index === DEADLOCK) throw deadlockError(queue.path);
  queue.noteHeld(mode);
  queue.fairness.noteWaited();
  return index;
}
