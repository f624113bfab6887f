import { ZjjError } from '../../errors.js';
import { acquireSync, type HeldLock, readRecord, timeoutError } from '../../lock/internal.js';
import { warm } from '../file/read.js';
import { isStillAt, resolveForWriting } from '../file/resolve.js';
import { commitBatch } from './commit-batch.js';
import { Deadline } from './deadline.js';
import { driveSync } from './drive.js';
import type { ConfigTransaction, PendingChange } from './merge-changes.js';
import { WriteCall } from './write-call.js';
import { fileModeOf, timeoutOf, type WriteOptions, type WriteSyncOptions } from './write-options.js';
import { WriteQueue } from './write-queue.js';

const queues = new Map<string, WriteQueue>();

/**
 * Runs a change in a transaction on the config that `locate` names, an absolute path. It is asked again once the lock is
 * held: what another process has done meanwhile may have changed the answer.
 *
 * @returns What `change` returned; when it resolves, the change is on disk.
 */
export async function transact<R>(
  locate: () => string,
  change: (transaction: ConfigTransaction) => R,
  options: WriteOptions = {},
): Promise<R> {
  if (typeof change !== 'function') throw new TypeError(`change must be a function, not ${typeof change}`);
  const timeoutMs = timeoutOf(options);
  const fileMode = fileModeOf(options);
  const { signal, onWait } = options;
  signal?.throwIfAborted();
  const path = locate();
  let queue = queues.get(path);
  if (queue === undefined) {
    queue = new WriteQueue(locate, () => queues.delete(path));
    queues.set(path, queue);
  }
  const call = new WriteCall(queue, change, { timeoutMs, fileMode, signal, onWait });
  queue.add(call);
  return call.promise as Promise<R>;
}

/** Whether calls of this thread for that path have yet to be answered. */
export function hasPendingCalls(path: string): boolean {
  return queues.has(path);
}

/** As {@link transact}, but blocks the thread. */
export function transactSync<R>(
  locate: () => string,
  change: (transaction: ConfigTransaction) => R,
  options: WriteSyncOptions = {},
): R {
  if (typeof change !== 'function') throw new TypeError(`change must be a function, not ${typeof change}`);
  const fileMode = fileModeOf(options);
  const deadline = new Deadline(timeoutOf(options));
  let onWait = options.onWait;
  let isWaiting = false;
  for (;;) {
    const path = resolveForWriting(locate());
    warm(path);
    const lock = acquireBy(deadline, `${path}.lock`, fileMode, (holder) => {
      if (!isWaiting) deadline.noteRecord(readRecord(`${path}.lock`));
      isWaiting = true;
      onWait?.(holder);
      onWait = undefined;
    });
    isWaiting = false;
    const pending: PendingChange = { change, outcome: undefined };
    let isDone = false;
    try {
      isDone = isStillAt(path, locate()) && driveSync(commitBatch(lock, path, [pending], fileMode, false));
    } finally {
      lock.release();
    }
    if (!isDone || pending.outcome === undefined) {
      const lockPath = `${path}.lock`;
      if (deadline.leftMs <= 0 && !deadline.renew(lockPath)) throw timeoutError(lockPath, deadline.waitedMs);
      continue;
    }
    if ('error' in pending.outcome) throw pending.outcome.error;
    return pending.outcome.value as R;
  }
}

function acquireBy(
  deadline: Deadline,
  lockPath: string,
  fileMode: number,
  onWait: NonNullable<WriteSyncOptions['onWait']>,
): HeldLock {
  for (;;) {
    try {
      return acquireSync(lockPath, {
        timeout: deadline.leftMs,
        readsState: true,
        fileMode,
        onWait,
      });
    } catch (error) {
      const isOver = error instanceof ZjjError && error.code === 'LOCK_TIMEOUT';
      if (!isOver) throw error;
      // What came before the wait does not count where the caller gave no timeout.
      if (deadline.leftMs <= 0 && !deadline.renew(lockPath)) throw timeoutError(lockPath, deadline.waitedMs);
    }
  }
}
