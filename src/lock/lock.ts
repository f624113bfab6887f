import { isMainThread } from 'node:worker_threads';
import { BUSY, DEADLOCK, flagsOf, TIMED_OUT } from './binding/addon.js';
import { readHolder } from './binding/holder.js';
import { asLockError, deadlockError, timeoutError } from './binding/lock-error.js';
import { addon } from './binding/native-locks.js';
import { type FileLock, HeldLock } from './held-lock.js';
import {
  absolutePath,
  checkFileMode,
  checkMode,
  checkTimeout,
  type LockOptions,
  type LockSyncOptions,
  type TryLockOptions,
} from './options.js';
import { PendingLock, type PendingLockRequest } from './pending-lock.js';
import { type PathQueue, queueOf } from './queue/path-queue.js';

const DEFAULT_FILE_MODE = 0o666;

/**
 * Waits for the kernel's lock on a file, and holds it.
 *
 * The lock file is created if it is not there, and never removed. Waiters of one thread are served first come, first
 * served; between processes the kernel decides. While it waits, nothing of libuv's thread pool is used.
 *
 * Rests on flock(2); on Windows on LockFileEx.
 *
 * @param path - The lock file: a file of its own, not the one that it protects.
 * @param options - `mode` 'exclusive' (default) or 'shared'; `timeout` in milliseconds, 0 to try once (default: wait for
 *   ever); `signal` to end the wait; `onWait`, called once if there is a wait; `fileMode` of a lock file created now
 *   (default 0o666 less the umask); `keepAlive: false` lets the process end while it waits.
 * @returns The lock, held until its `release()`, the end of its `using` block, or the end of the process. Keep it in a
 *   variable that lives as long: one that nothing refers to any more is released by garbage collection, with a warning.
 * @throws LockTimeoutError LOCK_TIMEOUT, naming the holder; ZjjError LOCK_FILE_INVALID (not a regular file),
 *   LOCK_UNSUPPORTED (a file system without locks), LOCK_IO (the system refused), ADDON_LOAD; `signal.reason` when
 *   aborted; RangeError and TypeError for arguments.
 * @example
 * const held = await lock('build.lock', { timeout: 10_000 });
 * try {
 *   await build();
 * } finally {
 *   held.release();
 * }
 */
export function lock(path: string | URL, options: LockOptions = {}): Promise<FileLock> {
  return acquire(path, options);
}

interface StoreOptions {
  /** Whether HeldLock.foundUnclean will be asked. */
  readonly readsState?: boolean;
  /** In place of `onWait`, for who does not ask for the holder: finding it takes longer than the try that failed. */
  readonly onBusy?: () => void;
}

/**
 * As {@link lock}, for the store, which needs the lock's inner side. Not an async function, for what it would cost: ten
 * thousand calls may wait, and one that has not to wait takes a few microseconds.
 */
export function acquire(path: string | URL, options: LockOptions & StoreOptions = {}): Promise<HeldLock> {
  try {
    const queue = queueOf(absolutePath(path));
    const request = checkRequest(queue.path, options);
    if (options.readsState) queue.readsState = true;
    request.signal?.throwIfAborted();
    if (request.timeoutMs === 0) return Promise.resolve(tryOnce(queue, request));
    if (!queue.mustRest) return acquireOrWait(queue, request);
    // Who wants to hear of a wait gets a try of its own first.
    const waitsAtOnce = queue.isContended && request.onBusy === undefined;
    return waitsAtOnce ? wait(queue, request, false) : acquireAfterRest(queue, request);
  } catch (error) {
    return Promise.reject(error);
  }
}

/**
 * As {@link lock}, but blocks the thread. What could never end is refused at once: a conflict with a lock that this
 * thread holds (an upgrade from shared to exclusive among them) or already waits for.
 *
 * @throws as {@link lock}, and ZjjError LOCK_DEADLOCK.
 * @example
 * using held = lockSync('build.lock', { timeout: 1000 });
 */
export function lockSync(path: string | URL, options: LockSyncOptions = {}): FileLock {
  return acquireSync(path, options);
}

/** As {@link lockSync}, for the store. */
export function acquireSync(path: string | URL, options: LockSyncOptions & StoreOptions = {}): HeldLock {
  const queue = queueOf(absolutePath(path));
  const request = checkRequest(queue.path, options);
  if (options.readsState) queue.readsState = true;
  if (request.timeoutMs === 0) return tryOnce(queue, request);
  queue.turns.restSync();
  const index = queue.tryNow(request.mode, request.fileMode);
  if (index !== BUSY) return new HeldLock(queue, index, request.mode);
  request.onBusy?.();
  if (queue.wouldDeadlock(request.mode)) throw deadlockError(queue.path);
  return waitSync(queue, request);
}

/**
 * Takes the lock if nobody holds it. Never waits.
 *
 * @param path - The lock file, as for {@link lock}.
 * @param options - `mode` and `fileMode`, as for {@link lock}.
 * @returns The lock, or null when somebody holds it.
 * @throws ZjjError LOCK_FILE_INVALID, LOCK_UNSUPPORTED, LOCK_IO, ADDON_LOAD; RangeError and TypeError for arguments.
 * @example
 * const held = tryLock('daemon.lock');
 * if (held === null) throw new Error('already running');
 * process.on('exit', () => held.release());
 */
export function tryLock(path: string | URL, options: TryLockOptions = {}): FileLock | null {
  const mode = checkMode(options.mode ?? 'exclusive');
  const fileMode = checkFileMode(options.fileMode ?? DEFAULT_FILE_MODE);
  const queue = queueOf(absolutePath(path));
  const index = queue.tryNow(mode, fileMode);
  return index === BUSY ? null : new HeldLock(queue, index, mode);
}

/**
 * Holds the lock while `use` runs, and releases it however that ends.
 *
 * @param path - The lock file, as for {@link lock}.
 * @param options - As for {@link lock}; may be left out.
 * @param use - Called with the lock; may be asynchronous.
 * @returns What `use` returned.
 * @throws as {@link lock}, and whatever `use` throws.
 * @example
 * await withLock('build.lock', async () => {
 *   await build();
 * });
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
  const held = await acquire(path, options);
  try {
    return await use(held);
  } finally {
    held.release();
  }
}

interface LockRequest extends PendingLockRequest {
  /** Called once if the lock is another's. */
  readonly onBusy: (() => void) | undefined;
}

function checkRequest(path: string, options: LockOptions & StoreOptions): LockRequest {
  const timeoutMs = checkTimeout(options.timeout ?? Number.POSITIVE_INFINITY);
  const { onWait } = options;
  return {
    mode: checkMode(options.mode ?? 'exclusive'),
    fileMode: checkFileMode(options.fileMode ?? DEFAULT_FILE_MODE),
    keepAlive: options.keepAlive ?? true,
    timeoutMs,
    deadlineMs: timeoutMs === Number.POSITIVE_INFINITY ? timeoutMs : performance.now() + timeoutMs,
    signal: options.signal,
    onBusy: onWait === undefined ? options.onBusy : () => onWait(readHolder(path)),
  };
}

function tryOnce(queue: PathQueue, { mode, fileMode, onBusy }: LockRequest): HeldLock {
  const index = queue.tryNow(mode, fileMode);
  if (index !== BUSY) return new HeldLock(queue, index, mode);
  onBusy?.();
  throw timeoutError(queue.path, 0);
}

async function acquireAfterRest(queue: PathQueue, request: LockRequest): Promise<HeldLock> {
  await queue.rest();
  request.signal?.throwIfAborted();
  return acquireOrWait(queue, request);
}

function acquireOrWait(queue: PathQueue, request: LockRequest): Promise<HeldLock> {
  const { mode } = request;
  const behindOthers = queue.hasWaiters || queue.isHeldAgainst(mode);
  if (!behindOthers) {
    const index = queue.tryNow(mode, request.fileMode);
    if (index !== BUSY) return Promise.resolve(new HeldLock(queue, index, mode));
  }
  request.onBusy?.();
  // It may have aborted; no event comes for that any more.
  request.signal?.throwIfAborted();
  return wait(queue, request, !behindOthers);
}

function wait(queue: PathQueue, request: LockRequest, busy: boolean): Promise<HeldLock> {
  const pending = new PendingLock(queue, request);
  queue.enqueue(pending, busy);
  return pending.promise;
}

function waitSync(queue: PathQueue, { mode, fileMode, timeoutMs, deadlineMs }: LockRequest): HeldLock {
  // A worker in a native call can neither be terminated nor let process.exit() end: it comes back now and then.
  const sliceMs = isMainThread ? Number.POSITIVE_INFINITY : 100;
  let index: number;
  do {
    const leftMs = Math.min(sliceMs, Math.max(0, deadlineMs - performance.now()));
    try {
      index = addon().waitSync(
        queue.path,
        flagsOf(mode, queue.readsState),
        fileMode,
        leftMs === Number.POSITIVE_INFINITY ? -1 : leftMs,
      );
    } catch (thrown) {
      throw asLockError(queue.path, thrown);
    }
  } while (index === TIMED_OUT && performance.now() < deadlineMs);
  if (index === DEADLOCK) throw deadlockError(queue.path);
  if (index === TIMED_OUT) throw timeoutError(queue.path, timeoutMs);
  queue.noteHeld(mode);
  queue.turns.noteWaited();
  return new HeldLock(queue, index, mode);
}
