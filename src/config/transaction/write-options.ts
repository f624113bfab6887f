import type { WaitOptions } from '../../lock/index.js';
import { checkFileMode, checkTimeout } from '../../lock/internal.js';

export interface WriteOptions extends WaitOptions {
  /** Permissions of a config and lock file created now. Default 0o666 less the umask. */
  fileMode?: number | undefined;
}

/** As {@link WriteOptions}, for the synchronous forms. */
export type WriteSyncOptions = Omit<WriteOptions, 'signal'>;

const DEFAULT_FILE_MODE = 0o666;

/** How long a wait lasts in which the lock never changes hands, where the caller did not say. */
export const STUCK_MS = 5_000;

/** How long such a wait lasts in all. */
export const LONGEST_MS = 60_000;

export function fileModeOf(options: WriteOptions): number {
  return checkFileMode(options.fileMode ?? DEFAULT_FILE_MODE);
}

/** The caller's timeout; undefined where there is none, and the one without progress counts. */
export function timeoutOf(options: WriteOptions): number | undefined {
  return options.timeout === undefined ? undefined : checkTimeout(options.timeout);
}
