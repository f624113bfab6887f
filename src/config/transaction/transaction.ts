import { existsSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { HeldLock } from '../../lock/internal.js';
import { isPermissionError, notDurableError, writeError } from '../file/config-error.js';
import { closeQuietly, openToSync } from '../file/descriptor.js';
import { isNarrower, lockFileOf, shareLockFile } from '../file/lock-access.js';
import { cacheDocument, documentOf, emptyDocument } from '../file/read-document.js';
import { readFile } from '../file/read-file.js';
import { Replacement } from '../file/replacement.js';
import { sweepTemporaryFiles } from '../file/sweep.js';
import { checkWritable } from '../file/write-denial.js';
import { creationMode, widestMode } from './file-mode.js';
import { mergeChanges, type PendingChange } from './merge-changes.js';
import type { Steps } from './steps.js';

/**
 * One transaction under a lock that is held: sweep, read, merge, replace, release, and then sync the directory.
 * docs/protocol.md gives the reasons for this order. The lock is released when the generator returns or throws.
 *
 * @param lock - The lock on the config's lock file.
 * @param path - The config, resolved.
 * @param changes - The calls to merge; each gets its outcome.
 * @param isAsync - Whether the generator may yield tasks.
 * @returns False if the lock turned out to be lost. Nothing was written then, and the caller starts over.
 */
export function* runTransaction(
  lock: HeldLock,
  path: string,
  changes: readonly PendingChange[],
  isAsync: boolean,
): Steps<boolean> {
  let replacement: Replacement | undefined;
  let isWritten = false;
  let isSwept = true;
  try {
    if (HeldLock.createdFile(lock)) {
      // Someone may keep deleting the lock file, so check that we still hold it before the slow part.
      replacement = Replacement.create(path, !existsSync(path), creationMode(changes));
      if (!lock.isCurrent()) return false;
    }
    const isUnclean = HeldLock.foundUnclean(lock);
    if (isUnclean) isSwept = sweepTemporaryFiles(path, replacement?.name);
    const file = readFile(path);
    const lockFile = lockFileOf(lock);
    if (!isUnclean && file !== undefined && lockFile !== undefined && isNarrower(lockFile, file.stats)) {
      // A holder that may only read the lock file leaves the clean mark of the one before.
      isSwept = sweepTemporaryFiles(path);
    }
    const before = file === undefined ? emptyDocument(path) : documentOf(path, file.bytes);
    const after = mergeChanges(before, changes);
    const writes = changes.filter(({ isWrite }) => isWrite === true);
    const widest = widestMode(writes);
    if (after !== before || (file !== undefined && isWider(file.stats, widest))) {
      if (file !== undefined) checkWritable(path, file.stats);
      else yield* syncDirectoryNames(path);
      const fileMode = creationMode(writes);
      if (replacement?.createsFile && fileMode !== creationMode(changes)) {
        // Some of the calls failed or only read. Their modes do not count.
        replacement.discard();
        isSwept &&= !replacement.leavesTemporaryFile;
        replacement = undefined;
      }
      if (replacement === undefined) {
        replacement = Replacement.create(path, file === undefined, fileMode);
        // Check now and not later: a writer with a newer lock file sweeps this temporary file before it reads.
        if (!lock.isCurrent()) return false;
      } else if (replacement.createsFile !== (file === undefined)) {
        return false;
      }
      const bytes = Buffer.from(after.text);
      const written = replacement.write(bytes, file?.stats, widest);
      if (lockFile !== undefined) shareLockFile(lock, lockFile, written, widest);
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
    } else if (file !== undefined && lockFile !== undefined) {
      shareLockFile(lock, lockFile, file.stats, widest);
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

/** Whether a config has permission bits that a call asked it not to have. Windows has none. */
function isWider(config: Stats, widest: number): boolean {
  return process.platform !== 'win32' && (config.mode & 0o777 & ~widest) !== 0;
}

/**
 * Syncs the names of the directories above a config before its first file. Whoever made them may not have synced them.
 * Ends where this user may not read a directory, and at the root of the file system: its name is on another one.
 */
function* syncDirectoryNames(path: string): Steps<void> {
  let directory = dirname(path);
  try {
    for (let above = dirname(directory); above !== directory; above = dirname(directory)) {
      if (statSync(above).dev !== statSync(directory).dev) return;
      yield* syncPath(above, 'directory');
      directory = above;
    }
  } catch (error) {
    if (!isPermissionError(error)) throw writeError(path, error);
  }
}

function* syncResult(path: string, isUnchanged: boolean): Steps<void> {
  try {
    // The file that this call read and left unchanged may come from a rename that is not durable yet.
    if (isUnchanged) yield* syncPath(path, 'file');
    yield* syncPath(dirname(path), 'directory');
  } catch (error) {
    throw notDurableError(path, error);
  }
}

function* syncPath(path: string, kind: 'file' | 'directory'): Steps<void> {
  const fd = openToSync(path, kind);
  if (fd === undefined) return;
  try {
    yield fd;
  } finally {
    closeQuietly(fd);
  }
}
