import { codeOf } from './config-error.js';

/** How often to look again. */
const RETRIES = 2;

/**
 * Looks at a file, and once or twice again if the answer is ESTALE. A network or FUSE file system gives that answer if
 * another machine has replaced the file between two system calls: its cache then had the old file.
 *
 * @param codes - The errors that may come from such a cache.
 */
export function lookAgainIfStale<R>(look: () => R, codes: readonly string[] = ['ESTALE']): R {
  for (let retries = RETRIES; ; retries -= 1) {
    try {
      return look();
    } catch (error) {
      if (retries === 0 || !codes.includes(codeOf(error) ?? '')) throw error;
    }
  }
}
