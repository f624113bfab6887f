import { FoundState, type LockMode } from './binding/addon.js';
import { addon } from './binding/native-locks.js';
import { onceAtEndOfTurn } from './queue/end-of-turn.js';
import type { PathQueue } from './queue/path-queue.js';

/**
 * A lock that is held until `release()`, until the end of its `using` block, or until the process exits. Keep a
 * reference to it: garbage collection releases a lock that nothing refers to, and emits a warning.
 */
export interface FileLock extends Disposable {
  /** The lock file, as an absolute path. */
  readonly path: string;
  /** The mode that the lock was acquired in. */
  readonly mode: LockMode;
  /** False once released. */
  readonly held: boolean;
  /**
   * Whether the path still names the file that is locked. Another program may have removed or replaced it since. A second
   * holder can then lock the new file, so do not rely on the lock any more. On Windows nobody can remove a locked file.
   *
   * @returns False too once the lock is released.
   * @example
   * const held = await lock('upload.lock');
   * await prepare();
   * if (!held.isCurrent()) throw new Error('upload.lock was removed: another process may be uploading');
   * @see https://man7.org/linux/man-pages/man2/lstat.2.html
   */
  isCurrent(): boolean;
  /** Releases the lock at once. Never waits and never throws. A second call does nothing. */
  release(): void;
}

interface Leaked {
  readonly queue: PathQueue;
  readonly index: number;
  readonly mode: LockMode;
}

const leaks = new FinalizationRegistry<Leaked>(({ queue, index, mode }) => {
  queue.release(index, mode, false);
  process.emitWarning(`The file lock on ${queue.path} was garbage-collected without having been released`, {
    type: 'ZjjWarning',
    code: 'ZJJ_LOCK_LEAKED',
  });
});

const watchNewest = onceAtEndOfTurn(() => HeldLock.watchNewest());

export class HeldLock implements FileLock {
  /**
   * The newest lock, not yet watched for leaks. Watching costs time, and most locks are released before the event
   * loop turns.
   */
  static #newest: HeldLock | undefined;

  readonly path: string;
  readonly mode: LockMode;
  readonly #queue: PathQueue;
  #index: number;
  #isWatched = false;
  #end: (() => void) | undefined;

  constructor(queue: PathQueue, index: number, mode: LockMode) {
    this.path = queue.path;
    this.mode = mode;
    this.#queue = queue;
    this.#index = index;
    HeldLock.watchNewest();
    HeldLock.#newest = this;
    watchNewest();
  }

  get held(): boolean {
    return this.#index >= 0;
  }

  isCurrent(): boolean {
    return this.held && addon().isCurrent(this.#index);
  }

  release(): void {
    this.#release(false);
  }

  [Symbol.dispose](): void {
    this.release();
  }

  /** Releases the lock and leaves the clean mark, so the next holder need not sweep. */
  static releaseClean(lock: HeldLock): void {
    lock.#release(true);
  }

  /** Whether this lock created the file, or the last holder left no clean mark. */
  static foundUnclean(lock: HeldLock): boolean {
    return addon().foundState(lock.#index) !== FoundState.clean;
  }

  /** Whether this lock created the file. */
  static createdFile(lock: HeldLock): boolean {
    return addon().foundState(lock.#index) === FoundState.created;
  }

  /**
   * Hands the lock to native code, which releases it on another thread.
   *
   * @param take - Gets the lock's index, and a function to call once the lock is released. Returns undefined if native
   *   code did not take the lock.
   * @returns The result of `take`. If defined, this object no longer holds the lock.
   */
  static handOver<T>(lock: HeldLock, take: (index: number, onReleased: () => void) => T | undefined): T | undefined {
    const queue = lock.#queue;
    const taken = take(lock.#index, () => {
      lock.#forgetEnd();
      queue.noteReleased(lock.mode);
    });
    if (taken === undefined) return undefined;
    lock.#index = -1;
    if (lock.#isWatched) leaks.unregister(lock);
    return taken;
  }

  /**
   * Lets synchronous calls of this thread that need the lock end this holder. Without it they throw LOCK_DEADLOCK.
   *
   * @param end - Ends what the lock is held for, releases the lock, and blocks until that is done. May do nothing.
   */
  static endOnDemand(lock: HeldLock, end: () => void): void {
    lock.#end = end;
    lock.#queue.ends.add(end);
  }

  /** Changes the owner of the lock file, so that this user can write it too. The lock works even if this fails. */
  static chown(lock: HeldLock, user: number, group: number): boolean {
    return addon().chown(lock.#index, user, group);
  }

  /** Changes the permission bits of the lock file. The lock works even if this fails. */
  static chmod(lock: HeldLock, mode: number): boolean {
    return addon().chmod(lock.#index, mode);
  }

  /** Starts to watch the newest lock for leaks. */
  static watchNewest(): void {
    const newest = HeldLock.#newest;
    HeldLock.#newest = undefined;
    if (newest === undefined || !newest.held) return;
    newest.#isWatched = true;
    leaks.register(newest, { queue: newest.#queue, index: newest.#index, mode: newest.mode }, newest);
  }

  #release(clean: boolean): void {
    if (this.#index < 0) return;
    const index = this.#index;
    this.#index = -1;
    if (this.#isWatched) leaks.unregister(this);
    this.#forgetEnd();
    this.#queue.release(index, this.mode, clean);
  }

  #forgetEnd(): void {
    if (this.#end !== undefined) this.#queue.ends.delete(this.#end);
  }
}
