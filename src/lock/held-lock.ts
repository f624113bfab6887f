import { FoundState } from './binding/addon.js';
import { addon } from './binding/native-locks.js';
import type { LockMode } from './options.js';
import { onceAtEndOfTurn } from './queue/end-of-turn.js';
import type { PathQueue } from './queue/path-queue.js';

/** A lock that is held. It ends with `release()`, with `using`, or with the process. */
export interface FileLock extends Disposable {
  readonly path: string;
  readonly mode: LockMode;
  /** False once released. */
  readonly held: boolean;
  /** Gives the lock back at once; again is a no-op. Never waits, never throws. */
  release(): void;
}

interface Leaked {
  readonly queue: PathQueue;
  readonly index: number;
  readonly mode: LockMode;
}

const leaks = new FinalizationRegistry<Leaked>(({ queue, index, mode }) => {
  queue.release(index, mode, false);
  process.emitWarning(`A file lock on ${queue.path} was never released and is gone with the last reference to it`, {
    type: 'ZjjWarning',
    code: 'ZJJ_LOCK_LEAKED',
  });
});

const watchNewest = onceAtEndOfTurn(() => HeldLock.watchNewest());

export class HeldLock implements FileLock {
  /** The one made last, not watched yet: most are released before the event loop turns, and watching costs. */
  static #newest: HeldLock | undefined;

  readonly path: string;
  readonly mode: LockMode;
  readonly #queue: PathQueue;
  #index: number;
  #isWatched = false;

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

  release(): void {
    this.#release(false);
  }

  [Symbol.dispose](): void {
    this.release();
  }

  /** Releases with the mark that tells the next holder that all was left in order. */
  static releaseClean(lock: HeldLock): void {
    lock.#release(true);
  }

  /** Whether this lock created the file, or its last holder did not leave the clean mark. */
  static foundUnclean(lock: HeldLock): boolean {
    return addon().foundState(lock.#index) !== FoundState.clean;
  }

  /** Whether this lock created the file. */
  static createdFile(lock: HeldLock): boolean {
    return addon().foundState(lock.#index) === FoundState.created;
  }

  /** Whether the path still names the file that is locked: somebody may have removed or replaced it. */
  static isCurrent(lock: HeldLock): boolean {
    return addon().isCurrent(lock.#index);
  }

  /**
   * Hands the lock to native code, which releases it on a thread of its own. `take` gets its index, and a function to
   * call when that is over; it answers whether the lock was taken. From then on the lock is not held any more.
   */
  static handOver(lock: HeldLock, take: (index: number, onReleased: () => void) => boolean): boolean {
    const queue = lock.#queue;
    if (!take(lock.#index, () => queue.noteReleased(lock.mode))) return false;
    lock.#index = -1;
    if (lock.#isWatched) leaks.unregister(lock);
    return true;
  }

  /** Makes the lock file another user's, so that they may write it too. It can be locked all the same if this fails. */
  static chown(lock: HeldLock, user: number, group: number): boolean {
    return addon().chown(lock.#index, user, group);
  }

  /** From now on it is noticed if the newest one is forgotten. */
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
    this.#queue.release(index, this.mode, clean);
  }
}
