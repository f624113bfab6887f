/**
 * The parts of the lock that other folders may use. scripts/build/build.mjs bundles them into one file in dist/, so all
 * entry points share one copy.
 */
export * from '../errors.js';
export {
  abortReason,
  Canceller,
  checkSignal,
  listenForAbort,
  throwIfAborted,
} from './abort-signal.js';
export { CommitOutcome, LIST_LOST, NO_TASK } from './binding/addon.js';
export { bearsStoreMark, isThisProcess, readHolder } from './binding/holder.js';
export { deadlockError, errnoName, systemError, timeoutError } from './binding/lock-error.js';
export { hasChangedHands, type LockLook, lookAtLock, showsLife } from './binding/lock-look.js';
export { addon, setLockCommand } from './binding/native-locks.js';
export { Task } from './binding/task.js';
export { CallSite } from './call-site.js';
export { HeldLock } from './held-lock.js';
export * from './index.js';
export { acquire, acquireSync } from './lock.js';
export { absolutePath, checkFileMode, checkFunction, checkOptions, checkTimeout, type OptionNames } from './options.js';
export { aheadOfWaiters } from './wait-sync.js';
