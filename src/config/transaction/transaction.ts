import { existsSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { HeldLock } from '../../lock/internal.js';
import { isPermissionError, notDurableError, writeError } from '../file/config-error.js';
import { closeQuietly, openToSync } from '../file/descriptor.js';
import { cacheDocument, documentOf, emptyDocument } from '../file/read-document.js';
import { readFile } from '../file/read-file.js';
import { Replacement } from '../file/replacement.js';
import { sweepTemporaryFiles } from '../file/sweep.js';
import { mergeChanges, type PendingChange } from './merge-changes.js';
import type { Steps } from './steps.js';

/**
 * One transaction under a lock that is held: sweep, read, merge, replace, release, and then sync the directory.
 * docs/protocol.md gives the reasons for this order. The lock is released when the generator returns or throws.
 *
 * @param lock - The lock on the config's lock file.
 * @param path - The config, resolved.
 * @param changes - The calls to merge; each gets its outcome.
 * @param fileMode - The permission bits of the config, if this transaction creates it.
 * @param isAsync - Whether the generator may yield promises.
 * @returns False if the lock turned out to be lost. Nothing was written then, and the caller starts over.
 */
export function* runTransaction(
  lock: HeldLock,
  path: string,
  changes: readonly PendingChange[],
  fileMode: number,
  isAsync: boolean,
): Steps<boolean> {
  let replacement: Replacement | undefined;
  let isWritten = false;
  let isSwept = true;
  try {
    if (HeldLock.createdFile(lock)) {
      // Someone may keep deleting the lock file, so check that we still hold it before the slow part.
      replacement = Replacement.create(path, !existsSync(path), fileMode);
      if (!lock.isCurrent()) return false;
    }
    if (HeldLock.foundUnclean(lock)) isSwept = sweepTemporaryFiles(path, replacement?.name);
    const file = readFile(path);
    if (file !== undefined && HeldLock.createdFile(lock)) chownLockFile(lock, file.stats);
    const before = file === undefined ? emptyDocument(path) : documentOf(path, file.bytes);
    const after = mergeChanges(before, changes);
    if (after !== before) {
      if (file === undefined) yield* syncParentDirectory(path);
      if (replacement === undefined) {
        replacement = Replacement.create(path, file === undefined, fileMode);
        // Check now and not later: a writer with a newer lock file sweeps this temporary file before it reads.
        if (!lock.isCurrent()) return false;
      } else if (replacement.createsFile !== (file === undefined)) {
        return false;
      }
      const bytes = Buffer.from(after.text);
      replacement.write(bytes, file?.stats);
      const committing =
        isAsync && file !== undefined && isSwept ? replacement.commitOnThread(lock, file.stats) : undefined;
      if (committing !== undefined) {
        const isCommitted = (yield committing) === true;
        if (isCommitted) cacheDocument(path, bytes, after);
        return isCommitted;
      }
      yield* replacement.sync();
      if (!replacement.commit(file?.stats)) return false;
      cacheDocument(path, bytes, after);
      isWritten = true;
    }
    replacement?.discard();
    if (isSwept && replacement?.leavesTemporaryFile !== true) HeldLock.releaseClean(lock);
    else lock.release();
    // Sync the directory after the release: under the lock, this made the longest wait ten times as long. A writer that
    // builds on our rename syncs the same directory before it reports success.
    yield* syncResult(path, file !== undefined && !isWritten);
    return true;
  } finally {
    replacement?.discard();
    lock.release();
  }
}

/** Root may have created the lock file of another user's config. That user must be able to write it. */
function chownLockFile(lock: HeldLock, config: Stats): void {
  if (process.geteuid?.() === 0 && config.uid !== 0) HeldLock.chown(lock, config.uid, config.gid);
}

/** Syncs the name of the config's directory before its first file. Its creator may not have synced it yet. */
function* syncParentDirectory(path: string): Generator<number, void> {
  try {
    yield* syncPath(dirname(dirname(path)), 'directory');
  } catch (error) {
    if (!isPermissionError(error)) throw writeError(path, error);
  }
}

function* syncResult(path: string, isUnchanged: boolean): Generator<number, void> {
  try {
    // The file that this call read and left unchanged may come from a rename that is not durable yet.
    if (isUnchanged) yield* syncPath(path, 'file');
    yield* syncPath(dirname(path), 'directory');
  } catch (error) {
    throw notDurableError(path, error);
  }
}

function* syncPath(path: string, kind: 'file' | 'directory'): Generator<number, void> {
  const fd = openToSync(path, kind);
  if (fd === undefined) return;
  try {
    yield fd;
  } finally {
    closeQuietly(fd);
  }
}
