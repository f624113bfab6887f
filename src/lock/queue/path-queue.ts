/** The queue of one path in this thread: it decides which waiter gets the lock, and which one waits in the kernel. */

import { BUSY, flagsOf, type LockMode, MUST_POLL, Status } from '../binding/addon.js';
import { asLockError, lockError } from '../binding/lock-error.js';
import { addon, keepAlive } from '../binding/native-locks.js';
import { onceAtEndOfTurn } from './end-of-turn.js';
import { Fairness } from './fairness.js';
import { KernelWait } from './kernel-wait.js';
import { type Cancellation, type Waiter, WaiterList } from './waiter.js';

/** How often to try the lock when no thread is available to wait for it. */
const POLL_MS = 20;

/** Closes the file that a release left open for the next call of the same turn. */
const closeIdle = onceAtEndOfTurn(() => addon().closeIdle());

const queues = new Map<string, PathQueue>();
let sweepAt = 64;

/**
 * The queue of a path in this thread. Two names of one file have two queues; the kernel arbitrates between them.
 *
 * @param path - Absolute, not normalized.
 */
export function queueOf(path: string): PathQueue {
  let queue = queues.get(path);
  if (queue === undefined) {
    // An idle queue only remembers its fairness. Idle queues are dropped now and then, not at once, because the next
    // call is usually for the same path.
    if (queues.size >= sweepAt) {
      for (const [key, idle] of queues) if (idle.isIdle) queues.delete(key);
      sweepAt = Math.max(64, 2 * queues.size);
    }
    queue = new PathQueue(path);
    queues.set(path, queue);
  }
  return queue;
}

/**
 * The holders of one path's lock in this thread, and its waiters. Waiters are served first in, first out. The first one
 * waits in the kernel, unless this thread itself holds the lock.
 */
export class PathQueue {
  readonly path: string;
  readonly fairness = new Fairness();
  readonly #waiters = new WaiterList();
  #exclusiveHeld = 0;
  #sharedHeld = 0;
  #wait: KernelWait | undefined;
  /** Before the next try: a pause that lets others go first, or the time until the next poll. */
  #pause: NodeJS.Immediate | undefined;
  #poll: NodeJS.Timeout | undefined;
  #pausedCalls = 0;
  #keepAliveWaiters = 0;
  #keepsAlive = false;

  constructor(path: string) {
    this.path = path;
  }

  get isIdle(): boolean {
    return !this.hasWaiters && this.#pausedCalls === 0 && this.#exclusiveHeld + this.#sharedHeld === 0;
  }

  /** Whether a new call must pause first, to let other processes go first or because earlier calls are still paused. */
  get mustPause(): boolean {
    return this.#pausedCalls > 0 || this.fairness.pauseMs() > 0;
  }

  /** Whether a call can skip the pause and the first try: others will probably hold the lock after the pause. */
  get isContended(): boolean {
    return this.#pausedCalls === 0 && this.fairness.isContended;
  }

  /** Resolves after the pause, which is too short for a timer. Immediates keep calls in order. */
  async pause(): Promise<void> {
    this.#pausedCalls++;
    try {
      do await new Promise(setImmediate);
      while (this.fairness.pauseMs() > 0);
    } finally {
      this.#pausedCalls--;
    }
  }

  get hasWaiters(): boolean {
    return this.#waiters.first !== undefined || this.#wait !== undefined;
  }

  /** Whether this thread holds a lock that conflicts with `mode`. */
  isHeldAgainst(mode: LockMode): boolean {
    return this.#exclusiveHeld > 0 || (mode === 'exclusive' && this.#sharedHeld > 0);
  }

  /** Whether a synchronous wait in `mode` would wait for this thread itself. */
  wouldDeadlock(mode: LockMode): boolean {
    if (this.isHeldAgainst(mode)) return true;
    if (mode === 'exclusive') return this.hasWaiters;
    if (this.#wait?.mode === 'exclusive') return true;
    for (let waiter = this.#waiters.first; waiter !== undefined; waiter = waiter.next) {
      if (waiter.mode === 'exclusive') return true;
    }
    return false;
  }

  /**
   * Tries once, ahead of every waiter.
   *
   * @returns The index of the lock, or BUSY.
   */
  tryNow(mode: LockMode, fileMode: number): number {
    try {
      const index = addon().tryLock(this.path, flagsOf(mode), fileMode);
      if (index >= 0) {
        this.noteHeld(mode);
        this.fairness.noteFree();
      }
      return index;
    } catch (thrown) {
      throw asLockError(this.path, thrown);
    }
  }

  noteHeld(mode: LockMode): void {
    if (mode === 'exclusive') this.#exclusiveHeld++;
    else this.#sharedHeld++;
  }

  /** Releases a lock, and serves the next waiter of this thread. */
  release(index: number, mode: LockMode, clean: boolean): void {
    addon().release(index, clean, true);
    closeIdle();
    this.fairness.noteRelease();
    this.noteReleased(mode);
  }

  /** Serves the next waiter of this thread after a release, which may have happened a while ago. */
  noteReleased(mode: LockMode): void {
    if (mode === 'exclusive') this.#exclusiveHeld--;
    else this.#sharedHeld--;
    if (this.#waiters.first !== undefined) this.#advance();
  }

  /**
   * Queues a call.
   *
   * @param isBusy - The call's own try has just failed, so it need not try again if it is first in the queue.
   */
  enqueue(waiter: Waiter, isBusy: boolean): void {
    this.#waiters.push(waiter);
    if (waiter.keepAlive) this.#keepAliveWaiters++;
    if (this.#waiters.first !== waiter) this.#updateKeepAlive();
    else if (isBusy && this.#wait === undefined) this.#startWait(waiter, 0);
    else this.#advance();
  }

  /** Removes a waiter and rejects it: at once, or, if the wait in the kernel is for it alone, when that wait ends. */
  cancel(waiter: Waiter, cancellation: Cancellation): void {
    if (waiter.cancellation !== undefined) return;
    const wasFirst = this.#waiters.first === waiter;
    const next = waiter.next;
    this.#remove(waiter);
    const wait = this.#wait;
    // The wait in the kernel belongs to the queue. The next waiter takes it over if it has the same mode, and so keeps
    // the place in the kernel's queue.
    if (wasFirst && wait?.isPending && wait.mode === waiter.mode && next?.mode !== wait.mode) {
      waiter.cancellation = cancellation;
      wait.cancelFor(waiter);
    } else {
      waiter.reject(cancellation.reason());
      if (wasFirst && wait === undefined) this.#advance();
    }
    this.#updateKeepAlive();
  }

  /** Grants locks to as many of the first waiters as possible, and starts a wait for the next one. */
  #advance(): void {
    this.#clearRetry();
    for (let first = this.#waiters.first; first !== undefined; first = this.#waiters.first) {
      if (this.#wait !== undefined) {
        if (this.#wait.mode !== first.mode) this.#wait.cancel();
        break;
      }
      if (this.isHeldAgainst(first.mode)) break;
      const pauseMs = this.fairness.pauseMs();
      if (pauseMs > 0) {
        if (this.fairness.isContended) this.#startWait(first, pauseMs);
        else this.#startPause(performance.now() + pauseMs);
        break;
      }
      if (!this.#tryFor(first)) {
        this.#startWait(first, 0);
        break;
      }
    }
    this.#updateKeepAlive();
  }

  /** Tries once and settles the waiter, with the lock or with the error. Returns false if the lock is busy. */
  #tryFor(waiter: Waiter): boolean {
    let index: number;
    try {
      index = this.tryNow(waiter.mode, waiter.fileMode);
    } catch (error) {
      this.#remove(waiter);
      waiter.reject(error);
      return true;
    }
    if (index === BUSY) return false;
    this.#remove(waiter);
    waiter.grant(index);
    return true;
  }

  /** Waits in the kernel, on a thread that first stays away for `pauseMs`. */
  #startWait(first: Waiter, pauseMs: number): void {
    let index: number;
    try {
      index = addon().startWait(this.path, flagsOf(first.mode), first.fileMode, pauseMs);
    } catch (thrown) {
      this.#remove(first);
      first.reject(asLockError(this.path, thrown));
      this.#advance();
      return;
    }
    if (index === MUST_POLL) {
      this.#poll = setTimeout(() => this.#advance(), POLL_MS);
    } else {
      const wait = new KernelWait(index, first.mode, {
        onEnd: (status, waited, errno, call) => this.#endWait(wait, status, waited, errno, call),
        onLost: () => this.#loseWait(wait),
      });
      this.#wait = wait;
    }
    this.#updateKeepAlive();
  }

  #endWait(wait: KernelWait, status: number, waited: boolean, errno = 0, syscall = ''): void {
    this.#wait = undefined;
    if (waited) this.fairness.noteWaited();
    else this.fairness.noteFree();
    const cancelled = wait.cancelledWaiter;
    const first = this.#waiters.first;
    if (status === Status.ok) {
      this.noteHeld(wait.mode);
      if (cancelled?.cancellation?.acceptsLateGrant) {
        cancelled.grant(wait.index);
      } else {
        cancelled?.reject(cancelled.cancellation?.reason());
        if (first?.mode === wait.mode) {
          this.#remove(first);
          first.grant(wait.index);
        } else {
          this.release(wait.index, wait.mode, false);
        }
      }
    } else {
      cancelled?.reject(cancelled.cancellation?.reason());
      if (status !== Status.cancelled && first !== undefined) {
        this.#remove(first);
        first.reject(lockError(this.path, { status, errno, syscall }));
      }
    }
    this.#advance();
  }

  /**
   * Abandons a wait whose thread could not be woken, because other code took over the addon's signal. The thread
   * unlocks and exits once the kernel grants it the lock.
   */
  #loseWait(wait: KernelWait): void {
    this.#wait = undefined;
    wait.cancelledWaiter?.reject(wait.cancelledWaiter.cancellation?.reason());
    this.#advance();
  }

  /** The pause is too short for a timer, so the event loop turns until it is over. */
  #startPause(untilMs: number): void {
    this.#pause = setImmediate(() => {
      if (performance.now() < untilMs) this.#startPause(untilMs);
      else this.#advance();
    });
  }

  #clearRetry(): void {
    if (this.#pause !== undefined) clearImmediate(this.#pause);
    if (this.#poll !== undefined) clearTimeout(this.#poll);
    this.#pause = undefined;
    this.#poll = undefined;
  }

  #remove(waiter: Waiter): void {
    this.#waiters.remove(waiter);
    if (waiter.keepAlive) this.#keepAliveWaiters--;
  }

  /** A wait for another process keeps this process alive if a waiter wants that. A wait for this thread never does. */
  #updateKeepAlive(): void {
    const isWanted = this.#keepAliveWaiters > 0 || this.#wait?.cancelledWaiter?.keepAlive === true;
    const keepsAlive = isWanted && this.#wait !== undefined;
    if (keepsAlive !== this.#keepsAlive) {
      this.#keepsAlive = keepsAlive;
      keepAlive(keepsAlive);
    }
    if (isWanted) this.#poll?.ref();
    else this.#poll?.unref();
  }
}
