export { type LockErrorCode, type LockHolder, LockTimeoutError, ZjjError } from '../errors.js';
export type { FileLock } from './held-lock.js';
export { lock, lockSync, tryLock, withLock } from './lock.js';
export type { LockMode, LockOptions, LockSyncOptions, TryLockOptions, WaitOptions } from './options.js';
