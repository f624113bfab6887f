import { existsSync, openSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { HeldLock } from '../../lock/internal.js';
import { closeQuietly } from '../file/close-quietly.js';
import { notDurableError, writeError } from '../file/config-error.js';
import { documentOf, emptyDocument, readFile, remember } from '../file/read.js';
import { Replacement, sweepTemporaryFiles } from '../file/replace-file.js';
import { isOthersPlace } from '../file/resolve.js';
import { mergeChanges, type PendingChange } from './merge-changes.js';

/** A descriptor that must be on disk before it goes on; or the rest of the work, on another thread, and whether it is done. */
export type Step = number | Promise<boolean>;

/**
 * One transaction under a lock that is held: sweep, read, merge, replace, release, and then what makes it durable.
 * docs/protocol.md says why in this order.
 *
 * It yields what must be awaited before it goes on, so that one text serves the synchronous and the asynchronous form.
 * The lock is released when it returns or throws.
 *
 * @param isAsync - Whether it may yield promises.
 * @returns False when the lock turned out to be lost: nothing was written, and the caller starts over.
 */
export function* commitBatch(
  lock: HeldLock,
  path: string,
  changes: readonly PendingChange[],
  fileMode: number,
  isAsync: boolean,
): Generator<Step, boolean, boolean | undefined> {
  let replacement: Replacement | undefined;
  let isWritten = false;
  let isClean = true;
  try {
    // A lock file that is new may be the next of many that somebody removes. So what is long must not come before the look.
    if (HeldLock.createdFile(lock)) {
      replacement = Replacement.create(path, !existsSync(path), fileMode);
      if (!HeldLock.isCurrent(lock)) return false;
    }
    if (HeldLock.foundUnclean(lock)) isClean = sweepTemporaryFiles(path, replacement);
    const file = readFile(path);
    if (file !== undefined && HeldLock.createdFile(lock)) giveToOwner(lock, file.stats);
    const before = file === undefined ? emptyDocument(path) : documentOf(path, file.bytes);
    const after = mergeChanges(before, changes);
    if (after !== before) {
      if (file === undefined) yield* syncNameOfDirectory(path);
      if (replacement === undefined) {
        replacement = Replacement.create(path, file === undefined, fileMode);
        // Not later: whoever has the lock by a lock file made from now on sweeps the temporary file away before reading.
        if (!HeldLock.isCurrent(lock)) return false;
      } else if (replacement.isFirst !== (file === undefined)) {
        return false;
      }
      const bytes = Buffer.from(after.text);
      replacement.write(bytes, file?.stats);
      const isPlain = file !== undefined && isClean;
      const committing = isAsync && isPlain ? replacement.commitOnThread(lock, file.stats) : undefined;
      if (committing !== undefined) {
        const isDone = (yield committing) === true;
        if (isDone) remember(path, bytes, after);
        return isDone;
      }
      yield* replacement.sync();
      if (!replacement.commit(file?.stats)) return false;
      remember(path, bytes, after);
      isWritten = true;
    }
    replacement?.discard();
    if (isClean && replacement?.leavesLitter !== true) HeldLock.releaseClean(lock);
    else lock.release();
    // After the release: inside the lock it made the longest wait ten times longer. Whoever builds on our rename syncs
    // the same directory before it answers.
    yield* syncResult(path, file !== undefined && !isWritten);
    return true;
  } finally {
    replacement?.discard();
    lock.release();
  }
}

/** A lock file that root makes for another user's config must be writable for that user too. */
function giveToOwner(lock: HeldLock, config: Stats): void {
  if (process.geteuid?.() === 0 && config.uid !== 0) HeldLock.chown(lock, config.uid, config.gid);
}

/** Before the first file of a directory: who made that may not have synced its name yet. */
function* syncNameOfDirectory(path: string): Generator<number, void> {
  try {
    yield* sync(dirname(dirname(path)), 'r');
  } catch (error) {
    if (!isOthersPlace(error)) throw writeError(path, error);
  }
}

function* syncResult(path: string, isAsFound: boolean): Generator<number, void> {
  try {
    // What this call saw and left as it is may be a rename that is not durable yet.
    if (isAsFound) yield* sync(path, 'r+');
    yield* sync(dirname(path), 'r');
  } catch (error) {
    throw notDurableError(path, error);
  }
}

function* sync(path: string, flags: 'r' | 'r+'): Generator<number, void> {
  // Windows: FlushFileBuffers wants a handle that can write, and a directory has none.
  const isWindows = process.platform === 'win32';
  if (isWindows && flags === 'r') return;
  const fd = openSync(path, isWindows ? flags : 'r');
  try {
    yield fd;
  } finally {
    closeQuietly(fd);
  }
}
