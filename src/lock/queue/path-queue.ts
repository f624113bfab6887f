import { BUSY, flagsOf, MUST_POLL, Status } from '../binding/addon.js';
import { asLockError, lockError } from '../binding/lock-error.js';
import { addon, keepAlive } from '../binding/native-locks.js';
import type { LockMode } from '../options.js';
import { onceAtEndOfTurn } from './end-of-turn.js';
import { KernelWait } from './kernel-wait.js';
import { Turns } from './turns.js';
import { type GaveUp, type Waiter, WaiterList } from './waiter.js';

/** How often a lock is tried when no thread can wait for it. */
const POLL_MS = 20;

/** A file that a release left open, for the next call of the same turn, is closed. */
const closeIdle = onceAtEndOfTurn(() => addon().closeIdle());

const queues = new Map<string, PathQueue>();
let sweepAt = 64;

/** The queue of a path (absolute, not normalized) in this thread. Two names of one file have two; the kernel arbitrates. */
export function queueOf(path: string): PathQueue {
  let queue = queues.get(path);
  if (queue === undefined) {
    // An idle queue only remembers whose turn it is. They go now and then, not at once: the next call mostly is for
    // the same path.
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
 * Who of this thread holds one path's lock, and who waits for it. Waiters are served first in, first out; the first one
 * waits in the kernel, unless it waits for this very thread to release.
 */
export class PathQueue {
  readonly path: string;
  readonly turns = new Turns();
  /** Whether the state in which the lock file was found will be asked for: the store's are, and cost a read more. */
  readsState = false;
  readonly #waiters = new WaiterList();
  #exclusiveHeld = 0;
  #sharedHeld = 0;
  #wait: KernelWait | undefined;
  /** What comes before the next try: the others' turn, or the time until the next poll. */
  #pause: NodeJS.Immediate | undefined;
  #poll: NodeJS.Timeout | undefined;
  #resting = 0;
  #keepAliveWaiters = 0;
  #keepsAlive = false;

  constructor(path: string) {
    this.path = path;
  }

  get isIdle(): boolean {
    return !this.hasWaiters && this.#resting === 0 && this.#exclusiveHeld + this.#sharedHeld === 0;
  }

  /** Whether a new call pauses first: it is others' turn, or earlier calls still pause. */
  get mustRest(): boolean {
    return this.#resting > 0 || this.turns.pauseMs() > 0;
  }

  /** Whether it is as well to go and wait, since others are likely to have the lock after the pause. */
  get isContended(): boolean {
    return this.#resting === 0 && this.turns.isContended;
  }

  /** The pause, far shorter than what a timer can do. Immediates keep the order of the calls. */
  async rest(): Promise<void> {
    this.#resting++;
    try {
      do await new Promise(setImmediate);
      while (this.turns.pauseMs() > 0);
    } finally {
      this.#resting--;
    }
  }

  get hasWaiters(): boolean {
    return this.#waiters.first !== undefined || this.#wait !== undefined;
  }

  /** Whether this thread holds a lock that keeps one in `mode` from being granted. */
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

  /** One try, past everybody who waits. The index of the lock, or BUSY. */
  tryNow(mode: LockMode, fileMode: number): number {
    try {
      const index = addon().tryLock(this.path, flagsOf(mode, this.readsState), fileMode);
      if (index >= 0) {
        this.noteHeld(mode);
        this.turns.noteFree();
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

  /** Gives a lock back, and the next of this thread its turn. */
  release(index: number, mode: LockMode, clean: boolean): void {
    addon().release(index, clean, true);
    closeIdle();
    this.turns.noteRelease();
    this.noteReleased(mode);
  }

  /** After a release, which may be a while ago: the next of this thread has its turn. */
  noteReleased(mode: LockMode): void {
    if (mode === 'exclusive') this.#exclusiveHeld--;
    else this.#sharedHeld--;
    if (this.#waiters.first !== undefined) this.#advance();
  }

  /** Queues a call. `busy`: its own try just failed, so that the first in the queue need not try again. */
  enqueue(waiter: Waiter, busy: boolean): void {
    this.#waiters.push(waiter);
    if (waiter.keepAlive) this.#keepAliveWaiters++;
    if (this.#waiters.first !== waiter) this.#updateKeepAlive();
    else if (busy && this.#wait === undefined) this.#startWait(waiter, 0);
    else this.#advance();
  }

  /** A waiter gives up. It is rejected at once, or, if the kernel waits for it alone, when that wait is over. */
  giveUp(waiter: Waiter, gaveUp: GaveUp): void {
    if (waiter.gaveUp !== undefined) return;
    const wasFirst = this.#waiters.first === waiter;
    const next = waiter.next;
    this.#leave(waiter);
    const wait = this.#wait;
    // The kernel's wait is the queue's: the next of the same mode takes it over, with the place that it has.
    if (wasFirst && wait?.isPending && wait.mode === waiter.mode && next?.mode !== wait.mode) {
      waiter.gaveUp = gaveUp;
      wait.cancelFor(waiter);
    } else {
      waiter.reject(gaveUp.reason());
      if (wasFirst && wait === undefined) this.#advance();
    }
    this.#updateKeepAlive();
  }

  /** Gives locks to the first waiters, as many as can be had; sees to it that the next one is waited for. */
  #advance(): void {
    this.#clearRetry();
    for (let first = this.#waiters.first; first !== undefined; first = this.#waiters.first) {
      if (this.#wait !== undefined) {
        if (this.#wait.mode !== first.mode) this.#wait.cancel();
        break;
      }
      if (this.isHeldAgainst(first.mode)) break;
      const pauseMs = this.turns.pauseMs();
      if (pauseMs > 0) {
        if (this.turns.isContended) this.#startWait(first, pauseMs);
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

  /** False when somebody else holds the lock. */
  #tryFor(waiter: Waiter): boolean {
    let index: number;
    try {
      index = this.tryNow(waiter.mode, waiter.fileMode);
    } catch (error) {
      this.#leave(waiter);
      waiter.reject(error);
      return true;
    }
    if (index === BUSY) return false;
    this.#leave(waiter);
    waiter.grant(index);
    return true;
  }

  /** The thread of the wait stays away for `pauseMs` first. */
  #startWait(first: Waiter, pauseMs: number): void {
    let index: number;
    try {
      index = addon().startWait(this.path, flagsOf(first.mode, this.readsState), first.fileMode, pauseMs);
    } catch (thrown) {
      this.#leave(first);
      first.reject(asLockError(this.path, thrown));
      this.#advance();
      return;
    }
    if (index === MUST_POLL) {
      this.#poll = setTimeout(() => this.#advance(), POLL_MS);
    } else {
      const wait = new KernelWait(index, first.mode, {
        ended: (status, waited, errno, call) => this.#endWait(wait, status, waited, errno, call),
        lost: () => this.#loseWait(wait),
      });
      this.#wait = wait;
    }
    this.#updateKeepAlive();
  }

  #endWait(wait: KernelWait, status: number, waited: boolean, errno = 0, syscall = ''): void {
    this.#wait = undefined;
    if (waited) this.turns.noteWaited();
    else this.turns.noteFree();
    const leaver = wait.leaver;
    const first = this.#waiters.first;
    if (status === Status.ok) {
      this.noteHeld(wait.mode);
      if (leaver?.gaveUp?.takesLateGrant) {
        leaver.grant(wait.index);
      } else {
        leaver?.reject(leaver.gaveUp?.reason());
        if (first?.mode === wait.mode) {
          this.#leave(first);
          first.grant(wait.index);
        } else {
          this.release(wait.index, wait.mode, false);
        }
      }
    } else {
      leaver?.reject(leaver.gaveUp?.reason());
      if (status !== Status.cancelled && first !== undefined) {
        this.#leave(first);
        first.reject(lockError(this.path, { status, errno, syscall }));
      }
    }
    this.#advance();
  }

  /** The wait's thread could not be woken: somebody took our signal. It frees itself whenever the kernel lets it. */
  #loseWait(wait: KernelWait): void {
    this.#wait = undefined;
    wait.leaver?.reject(wait.leaver.gaveUp?.reason());
    this.#advance();
  }

  /** A pause is far shorter than what a timer can do: the event loop turns until it is over. */
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

  #leave(waiter: Waiter): void {
    this.#waiters.remove(waiter);
    if (waiter.keepAlive) this.#keepAliveWaiters--;
  }

  /** A wait for another process keeps this one alive if a waiter wants it to; a wait for this thread never does. */
  #updateKeepAlive(): void {
    const wanted = this.#keepAliveWaiters > 0 || this.#wait?.leaver?.keepAlive === true;
    const keeps = wanted && this.#wait !== undefined;
    if (keeps !== this.#keepsAlive) {
      this.#keepsAlive = keeps;
      keepAlive(keeps);
    }
    if (wanted) this.#poll?.ref();
    else this.#poll?.unref();
  }
}
