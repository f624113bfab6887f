/** The queue of one path in this thread: it decides which waiter gets the lock, and which one waits in the kernel. */

import { performance } from 'node:perf_hooks';
import { clearImmediate, clearTimeout, setImmediate, setTimeout } from 'node:timers';
import { BUSY, type Ending, flagsOf, type LockMode, MUST_POLL, Status } from '../binding/addon.js';
import { asLockError, endlessWaitError, lockError } from '../binding/lock-error.js';
import { addon, keepAlive } from '../binding/native-locks.js';
import { onceAtEndOfTurn } from './end-of-turn.js';
import { Fairness } from './fairness.js';
import { KernelWait } from './kernel-wait.js';
import { type Cancellation, type Waiter, WaiterList } from './waiter.js';

/** How often to try the lock when no thread is available to wait for it. */
const POLL_MS = 20;

/** Closes the file that a release left open for the next call of the same turn. */
const closeIdle = onceAtEndOfTurn(() => addon().closeIdle());

/**
 * The holders of one path's lock in this thread, and its waiters. Waiters are served first in, first out. The first one
 * waits in the kernel, unless this thread itself holds the lock.
 */
export class PathQueue {
  readonly path: string;
  readonly fairness = new Fairness();
  /** Each ends one holder of the lock that this thread can end by itself, and blocks until that is done. */
  readonly ends = new Set<() => void>();
  readonly #waiters = new WaiterList();
  #exclusiveHeld = 0;
  #sharedHeld = 0;
  #wait: KernelWait | undefined;
  /** Before the next try: a pause that lets others go first, or the time until the next poll. */
  #pause: NodeJS.Immediate | undefined;
  #poll: NodeJS.Timeout | undefined;
  #pausedCalls = 0;
  /** How many synchronous calls go ahead of the waiters now. They may call each other. */
  #suspensions = 0;
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

  /**
   * Rejects the first waiter that keeps the process alive, if it waits for a lock that this thread holds. Called when
   * nothing can release that lock any more.
   *
   * @returns Whether there was one.
   */
  rejectEndlessWait(): boolean {
    if (this.#wait !== undefined || this.#poll !== undefined || this.#pause !== undefined) return false;
    let waiter = this.#waiters.first;
    while (waiter !== undefined && !waiter.keepAlive) waiter = waiter.next;
    if (waiter === undefined) return false;
    this.#remove(waiter);
    waiter.reject(endlessWaitError(this.path));
    this.#advance();
    return true;
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

  /**
   * Lets no waiter get the lock until {@link resume}, because a synchronous call goes ahead of them. No callback of this
   * thread runs while that call blocks, so a waiter that got the lock could never release it.
   */
  suspend(): void {
    this.#suspensions++;
  }

  resume(): void {
    this.#suspensions--;
    if (this.#waiters.first !== undefined) this.#advance();
  }

  /**
   * Takes over the wait in the kernel for a synchronous call, while the queue is suspended.
   *
   * @param mode - The mode of the call. Undefined if the call is for another name of the lock file.
   * @param stops - Whether to stop the wait, and block until it has stopped. Otherwise it is only taken if it is over.
   * @returns The index of the lock if the wait was granted in that mode, otherwise BUSY.
   */
  takeOver(mode: LockMode | undefined, stops: boolean): number {
    const wait = this.#wait;
    const end = stops ? wait?.stop() : wait?.endIfOver();
    if (wait === undefined || end === undefined) return BUSY;
    const index = this.#settleWait(wait, end);
    if (index === BUSY) return BUSY;
    // A grant that a timed-out waiter would still take goes to the caller: it could never get the lock from that waiter.
    wait.rejectCancelled();
    if (wait.mode !== mode) {
      addon().release(index, false);
      return BUSY;
    }
    this.noteHeld(mode);
    return index;
  }

  /** Ends every holder that this thread can end by itself. Blocks. */
  endHolders(): void {
    if (this.ends.size > 0) for (const end of [...this.ends]) end();
  }

  /** Grants locks to as many of the first waiters as possible, and starts a wait for the next one. */
  #advance(): void {
    if (this.#suspensions > 0) return;
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
      const wait = new KernelWait(index, first.mode, (ending) => this.#endWait(wait, ending));
      this.#wait = wait;
    }
    this.#updateKeepAlive();
  }

  /** @returns The index of the lock, or BUSY if the wait has ended without it. */
  #settleWait(wait: KernelWait, [status, waited, errno, syscall]: Ending): number {
    this.#wait = undefined;
    if (waited) this.fairness.noteWaited();
    else this.fairness.noteFree();
    if (status === Status.ok) return wait.index;
    wait.rejectCancelled();
    const first = this.#waiters.first;
    if (status !== Status.cancelled && first !== undefined) {
      this.#remove(first);
      first.reject(lockError(this.path, { status, errno, syscall }));
    }
    return BUSY;
  }

  #endWait(wait: KernelWait, ending: Ending): void {
    const index = this.#settleWait(wait, ending);
    if (index !== BUSY) {
      this.noteHeld(wait.mode);
      const first = this.#waiters.first;
      const cancelled = wait.cancelledWaiter;
      if (cancelled?.cancellation?.acceptsLateGrant) {
        cancelled.grant(index);
      } else {
        wait.rejectCancelled();
        if (first?.mode === wait.mode) {
          this.#remove(first);
          first.grant(index);
        } else {
          this.release(index, wait.mode, false);
        }
      }
    }
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
