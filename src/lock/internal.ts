/** What the other folders may use of the lock, and what of it is one copy in the package (scripts/build/build.mjs). */
export * from '../errors.js';
export { listenForAbort } from './abort-signal.js';
export { CommitOutcome, LIST_LOST } from './binding/addon.js';
export { readHolder, readRecord } from './binding/holder.js';
export { systemError, timeoutError } from './binding/lock-error.js';
export { addon, setLockCommand } from './binding/native-locks.js';
export { HeldLock } from './held-lock.js';
export * from './index.js';
export { acquire, acquireSync } from './lock.js';
export { absolutePath, checkFileMode, checkTimeout } from './options.js';
