/** What the other folders may use of the lock, and what of it is one copy in the package (scripts/build.mjs). */
export * from '../errors.js';
export { listenForAbort } from './abort-signal.js';
export { CommitOutcome, LIST_LOST } from './addon.js';
export { HeldLock } from './held-lock.js';
export { readHolder, readRecord } from './holder.js';
export * from './index.js';
export { acquire, acquireSync } from './lock.js';
export { systemError, timeoutError } from './lock-error.js';
export { addon, setLockCommand } from './native-locks.js';
export { absolutePath, checkFileMode, checkTimeout } from './options.js';
