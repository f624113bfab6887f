import { tryLock } from '../../../src/lock/index.js';

/**
 * Whether nobody holds the lock. The probe works against locks of this process too: flock(2) treats every open file
 * description as a separate holder.
 */
export function isFree(path: string): boolean {
  const held = tryLock(path);
  held?.release();
  return held !== null;
}
