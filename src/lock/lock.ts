/** The public functions of the lock: they check options, try once, and queue the calls that have to wait. */

import { performance } from 'node:perf_hooks';
import { type AbortSignalLike, checkSignal, throwIfAborted } from './abort-signal.js';
import { BUSY } from './binding/addon.js';
import { readHolder } from './binding/holder.js';
import { nestedLockError, timeoutError } from './binding/lock-error.js';
import { CallSite } from './call-site.js';
import { type FileLock, HeldLock } from './held-lock.js';
import { holdAround, isHeldAround } from './nested-locks.js';
import {
  absolutePath,
  checkFileMode,
  checkFunction,
  checkKeepAlive,
  checkMode,
  checkOptions,
  checkTimeout,
  LOCK_OPTIONS,
  LOCK_SYNC_OPTIONS,
  type LockOptions,
  type LockSyncOptions,
  TRY_LOCK_OPTIONS,
  type TryLockOptions,
} from './options.js';
import { PendingLock, type PendingLockRequest } from './pending-lock.js';
import { rejectEndlessWaits } from './queue/endless-waits.js';
import type { PathQueue } from './queue/path-queue.js';
import { queueOf } from './queue/queues.js';
import { aheadOfWaiters, waitSync } from './wait-sync.js';

const DEFAULT_FILE_MODE = 0o666;

/**
 * Acquires a kernel lock on a file. Waits while another holder has the lock.
 *
 * The lock file is created if it does not exist, and is never removed. Waiters in one thread are served first come,
 * first served. Between processes, the kernel decides. A wait does not use libuv's thread pool.
 *
 * Locks are not re-entrant: a call for a lock that this thread holds waits for its release. If nothing is left in the
 * event loop that could release it, the call rejects with LOCK_DEADLOCK. A timeout or a signal keeps the process alive.
 *
 * The lock is flock(2) on POSIX and LockFileEx on Windows. The kernel releases it when the process dies.
 *
 * @param path - The lock file. Use a separate file, not the one that the lock protects.
 * @param options - `mode`: 'exclusive' (default) or 'shared'. `timeout`: the longest wait in milliseconds; 0 tries once
 *   (default: no limit). `signal`: aborts the wait. `onWait(holder)`: called once if the call has to wait. `fileMode`:
 *   the permission bits of the lock file, if this call creates it (default: 0o666; the umask applies).
 *   `keepAlive: false` lets the process exit while the call waits.
 * @returns The lock. It is held until `release()`, until the end of its `using` block, or until the process exits. Keep
 *   a reference to it: garbage collection releases a lock that nothing refers to, and emits a warning.
 * @throws LockTimeoutError LOCK_TIMEOUT: timed out waiting for the lock. `holder` is the holder that the lock file names.
 * @throws ZjjError LOCK_DEADLOCK: this thread holds the lock, and nothing is left that could release it.
 * @throws ZjjError LOCK_FILE_INVALID: the path is empty, contains a NUL byte, or is not a regular file.
 * @throws ZjjError LOCK_UNSUPPORTED: the file system does not support locks. LOCK_IO: a system call failed; see `cause`.
 * @throws ZjjError ADDON_LOAD: the native addon cannot be loaded.
 * @throws The signal's `reason`, if the signal is aborted. RangeError, TypeError: an argument is invalid.
 * @example
 * const held = await lock('build.lock', { timeout: 10_000 });
 * try {
 *   await build();
 * } finally {
 *   held.release();
 * }
 * @see https://man7.org/linux/man-pages/man2/flock.2.html
 */
export function lock(path: string | URL, options: LockOptions = {}): Promise<FileLock> {
  try {
    checkOptions(options, LOCK_OPTIONS);
  } catch (error) {
    return Promise.reject(error);
  }
  return acquire(path, options, lock);
}

interface StoreOptions {
  /** Like `onWait`, but skips looking up the holder, which takes longer than the try that failed. */
  readonly onBusy?: () => void;
  /** Called as soon as the lock is held, before the promise resolves. */
  readonly onGrant?: (lock: HeldLock) => void;
}

type AcquireOptions = Omit<LockOptions, 'signal'> & StoreOptions & { readonly signal?: AbortSignalLike | undefined };

/**
 * Like {@link lock}, but returns a HeldLock, because the store needs more than FileLock offers. Not an async function,
 * because that would create a second promise: an uncontended call takes only a few microseconds, and ten thousand calls
 * may wait.
 */
export function acquire(path: string | URL, options: AcquireOptions = {}, entry: Entry = acquire): Promise<HeldLock> {
  try {
    const queue = queueOf(absolutePath(path));
    const request = checkRequest(queue.path, options, entry);
    throwIfAborted(request.signal);
    if (request.timeoutMs === 0) return Promise.resolve(tryOnce(queue, request));
    if (!queue.mustPause) return acquireOrWait(queue, request);
    // A call with an onBusy tries first, because only a failed try calls it.
    const waitsAtOnce = queue.isContended && request.onBusy === undefined;
    return waitsAtOnce ? wait(queue, request, false) : acquireAfterPause(queue, request);
  } catch (error) {
    return Promise.reject(error);
  }
}

/**
 * Like {@link lock}, but blocks the thread. It goes ahead of the `lock` calls of this thread that wait, and ends a write
 * of the config store in this thread that holds the lock. A wait that could never end throws at once: this thread already
 * holds a conflicting lock (upgrading from shared to exclusive is one case).
 *
 * @param path - The lock file, as for {@link lock}.
 * @param options - `mode`, `timeout`, `onWait` and `fileMode`, as for {@link lock}.
 * @returns The lock, as for {@link lock}.
 * @throws As {@link lock}, and ZjjError LOCK_DEADLOCK: the wait could never end.
 * @example
 * using held = lockSync('build.lock', { timeout: 1000 });
 * @see https://man7.org/linux/man-pages/man2/flock.2.html
 */
export function lockSync(path: string | URL, options: LockSyncOptions = {}): FileLock {
  checkOptions(options, LOCK_SYNC_OPTIONS);
  return acquireSync(path, options);
}

/** Like {@link lockSync}, for the store. */
export function acquireSync(path: string | URL, options: LockSyncOptions & StoreOptions = {}): HeldLock {
  const queue = queueOf(absolutePath(path));
  const request = checkRequest(queue.path, options, acquireSync);
  // A transaction of this thread may hold the lock. No waiter of this thread may come between its end and this call.
  if (queue.ends.size > 0) return aheadOfWaiters(queue.path, () => acquireBlocking(queue, request));
  return acquireBlocking(queue, request);
}

/**
 * Acquires the lock if it is free. Never waits, not even for a write of the config store in this thread.
 *
 * @param path - The lock file, as for {@link lock}.
 * @param options - `mode` and `fileMode`, as for {@link lock}.
 * @returns The lock, or null if another holder has it.
 * @throws ZjjError LOCK_FILE_INVALID, LOCK_UNSUPPORTED, LOCK_IO, ADDON_LOAD: as for {@link lock}.
 * @throws RangeError, TypeError: an argument is invalid.
 * @example
 * const held = tryLock('daemon.lock');
 * if (held === null) throw new Error('already running');
 * process.on('exit', () => held.release());
 * @see https://man7.org/linux/man-pages/man2/flock.2.html
 */
export function tryLock(path: string | URL, options: TryLockOptions = {}): FileLock | null {
  checkOptions(options, TRY_LOCK_OPTIONS);
  const { mode: asked = 'exclusive', fileMode: askedBits = DEFAULT_FILE_MODE } = options;
  const mode = checkMode(asked);
  const fileMode = checkFileMode(askedBits);
  const queue = queueOf(absolutePath(path));
  const index = queue.tryNow(mode, fileMode);
  return index === BUSY ? null : new HeldLock(queue, index, mode);
}

/**
 * Holds the lock while `use` runs. Releases it when `use` returns, throws, or its promise settles.
 *
 * @param path - The lock file, as for {@link lock}.
 * @param options - As for {@link lock}. Optional.
 * @param use - Called with the lock once it is held. May be asynchronous.
 * @returns The result of `use`.
 * @throws As {@link lock}, and whatever `use` throws. LOCK_DEADLOCK at once if a `withLock` call around this one holds
 *   the lock in a mode that conflicts, unless this call has a timeout or a signal.
 * @example
 * await withLock('build.lock', async () => {
 *   await build();
 * });
 * @see https://man7.org/linux/man-pages/man2/flock.2.html
 */
export function withLock<R>(path: string | URL, use: (lock: FileLock) => R | PromiseLike<R>): Promise<R>;
export function withLock<R>(
  path: string | URL,
  options: LockOptions,
  use: (lock: FileLock) => R | PromiseLike<R>,
): Promise<R>;
export async function withLock<R>(
  path: string | URL,
  ...rest: [(lock: FileLock) => R | PromiseLike<R>] | [LockOptions, (lock: FileLock) => R | PromiseLike<R>]
): Promise<R> {
  const [options, use] = rest.length === 1 ? [{}, rest[0]] : rest;
  if (typeof use !== 'function') throw new TypeError(`use must be a function, not ${typeof use}`);
  checkOptions(options, LOCK_OPTIONS);
  const absolute = absolutePath(path);
  const isEndless = options.timeout === undefined && options.signal === undefined;
  if (isEndless && isHeldAround(absolute, options.mode)) throw nestedLockError(absolute);
  const held = await acquire(absolute, options, withLock);
  try {
    return await holdAround(held, () => use(held));
  } finally {
    held.release();
  }
}

/** The function that the user called. */
type Entry = (...args: never[]) => unknown;

interface LockRequest extends PendingLockRequest {
  /** Called once if another holder has the lock. */
  readonly onBusy: (() => void) | undefined;
  readonly entry: Entry;
}

function checkRequest(path: string, options: AcquireOptions, entry: Entry): LockRequest {
  const { timeout = Number.POSITIVE_INFINITY, mode = 'exclusive', fileMode = DEFAULT_FILE_MODE } = options;
  const { signal, onWait, keepAlive = true } = options;
  const timeoutMs = checkTimeout(timeout);
  checkSignal(signal);
  checkFunction(onWait, 'onWait');
  return {
    mode: checkMode(mode),
    fileMode: checkFileMode(fileMode),
    keepAlive: checkKeepAlive(keepAlive),
    timeoutMs,
    deadlineMs: timeoutMs === Number.POSITIVE_INFINITY ? timeoutMs : performance.now() + timeoutMs,
    signal,
    // The calls of the store have their own timers.
    staysForSignal: options.onBusy === undefined,
    onGrant: options.onGrant,
    onBusy: onWait === undefined ? options.onBusy : () => onWait(readHolder(path)),
    entry,
    site: undefined,
  };
}

function acquireBlocking(queue: PathQueue, request: LockRequest): HeldLock {
  queue.endHolders();
  if (request.timeoutMs > 0) queue.fairness.pauseSync();
  let index = queue.tryNow(request.mode, request.fileMode);
  if (index === BUSY) {
    request.onBusy?.();
    index = waitSync(queue, request);
  }
  return new HeldLock(queue, index, request.mode);
}

function tryOnce(queue: PathQueue, { mode, fileMode, onBusy }: LockRequest): HeldLock {
  const index = queue.tryNow(mode, fileMode);
  if (index !== BUSY) return new HeldLock(queue, index, mode);
  onBusy?.();
  throw timeoutError(queue.path, 0, queue.isHeldAgainst(mode));
}

async function acquireAfterPause(queue: PathQueue, request: LockRequest): Promise<HeldLock> {
  noteCallSite(request);
  await queue.pause();
  throwIfAborted(request.signal);
  return acquireOrWait(queue, request);
}

function acquireOrWait(queue: PathQueue, request: LockRequest): Promise<HeldLock> {
  const { mode } = request;
  const isBehindOthers = queue.hasWaiters || queue.isHeldAgainst(mode);
  if (!isBehindOthers) {
    const index = queue.tryNow(mode, request.fileMode);
    if (index !== BUSY) {
      const held = new HeldLock(queue, index, mode);
      request.onGrant?.(held);
      return Promise.resolve(held);
    }
  }
  request.onBusy?.();
  // onBusy may have aborted the signal. Nothing listens to it yet, so no event would come.
  throwIfAborted(request.signal);
  return wait(queue, request, !isBehindOthers);
}

function wait(queue: PathQueue, request: LockRequest, isBusy: boolean): Promise<HeldLock> {
  noteCallSite(request);
  const pending = new PendingLock(queue, request);
  rejectEndlessWaits();
  queue.enqueue(pending, isBusy);
  return pending.promise;
}

/** Only a timeout makes an error later. The place costs as much memory as the rest of a wait. */
function noteCallSite(request: LockRequest): void {
  if (request.timeoutMs !== Number.POSITIVE_INFINITY) request.site ??= new CallSite(request.entry);
}
