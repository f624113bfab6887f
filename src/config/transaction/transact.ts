// This folder turns calls into transactions: the call, its queue, one transaction under the lock, and its steps.

import { aheadOfWaiters } from '../../lock/internal.js';
import { preparse } from '../file/read-document.js';
import { isStillAt, resolveConfig, resolveForWriting } from '../file/resolve.js';
import { asWriteFailure } from '../file/write-denial.js';
import { creationMode } from './file-mode.js';
import type { ConfigTransaction, PendingChange } from './merge-changes.js';
import { runStepsSync } from './steps.js';
import { SyncCall } from './sync-call.js';
import { runTransaction } from './transaction.js';
import type { WriteOptions, WriteSyncOptions } from './write-call.js';
import { hasQueues, queueFor, queuesOf } from './write-queue.js';

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
  return queueFor(locate).add(change, options) as Promise<R>;
}

/** As {@link transact}, but blocks the thread. Ends the earlier calls of this thread for the same config first. */
export function transactSync<R>(
  locate: () => string,
  change: (transaction: ConfigTransaction) => R,
  options: WriteSyncOptions = {},
): R {
  checkChange(change);
  const call = new SyncCall(options);
  const pending: PendingChange = { change, fileMode: call.fileMode, outcome: undefined };
  try {
    runAlone(locate, call, pending);
  } catch (error) {
    throw asWriteFailure(error);
  }
  const outcome = pending.outcome as NonNullable<PendingChange['outcome']>;
  if ('error' in outcome) throw outcome.error;
  return outcome.value as R;
}

/** Runs one change in a transaction of its own. */
function runAlone(locate: () => string, call: SyncCall, pending: PendingChange): void {
  const fileMode = creationMode([call]);
  for (;;) {
    const located = locate();
    const path = resolveForWriting(located, fileMode);
    const lockPath = `${path}.lock`;
    const lock = aheadOfWaiters(lockPath, () => {
      for (const queue of queuesOf(located, lockPath)) queue.finish(call, lockPath);
      preparse(path);
      return call.acquire(lockPath, { fileMode });
    });
    if (lock === undefined) continue;
    let isDone = false;
    try {
      isDone = isStillAt(path, locate()) && runStepsSync(runTransaction(lock, path, [pending], false));
    } finally {
      lock.release();
    }
    if (isDone) return;
    call.noteRestart(lockPath);
  }
}

/** Whether calls of this thread for that config are still running, by whatever name. */
export function hasPendingCalls(path: string): boolean {
  return hasQueues() && queuesOf(path, lockPathOf(path)).length > 0;
}

/** Undefined if the config has no directory. No name of it has calls then: they would have created the directory. */
function lockPathOf(path: string): string | undefined {
  try {
    return `${resolveConfig(path)}.lock`;
  } catch {
    return undefined;
  }
}

function checkChange(change: unknown): void {
  if (typeof change !== 'function') throw new TypeError(`change must be a function, not ${typeof change}`);
}
