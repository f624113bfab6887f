import { tryLock } from '../../../src/lock/index.js';

/** Whether nobody holds the lock: another descriptor of this process is as good as another process. */
export function isFree(path: string): boolean {
  const held = tryLock(path);
  held?.release();
  return held !== null;
}
