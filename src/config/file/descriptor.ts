import { closeSync, fsyncSync, openSync } from 'node:fs';
import { NO_TASK, systemError, Task } from '../../lock/internal.js';
import { codeOf } from './config-error.js';

/** Syncs an open file to disk and blocks until that is done, like fsync(2). */
export function syncDescriptor(fd: number): void {
  try {
    fsyncSync(fd);
  } catch (error) {
    if (!isSyncUnsupported(error)) throw error;
  }
}

/**
 * As {@link syncDescriptor}, but on another thread.
 *
 * @returns Undefined if that is not possible here (Windows), or if no thread is available. Nothing has happened then.
 */
export function syncOnThread(fd: number): Task<void> | undefined {
  return Task.start(
    (addon) => addon.sync?.(fd) ?? NO_TASK,
    (outcome, errno, syscall) => {
      if (outcome !== 0) throw systemError(undefined, { errno, syscall });
    },
  );
}

/**
 * Opens a file or directory to sync it.
 *
 * @returns Undefined for a directory on Windows, where NTFS journals directory entries itself.
 */
export function openToSync(path: string, kind: 'file' | 'directory'): number | undefined {
  if (process.platform !== 'win32') return openSync(path, 'r');
  // FlushFileBuffers fails on a handle that cannot write.
  return kind === 'file' ? openSync(path, 'r+') : undefined;
}

/** close() whose error no longer matters: the data was read or synced already, or an earlier error is being reported. */
export function closeQuietly(fd: number): void {
  try {
    closeSync(fd);
  } catch {
    // The descriptor is closed even then.
  }
}

/** Some file systems cannot sync this kind of file. That is not a failure of the write. */
function isSyncUnsupported(error: unknown): boolean {
  return codeOf(error) === 'EINVAL' || codeOf(error) === 'ENOTSUP' || codeOf(error) === 'EOPNOTSUPP';
}
