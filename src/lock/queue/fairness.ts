import { performance } from 'node:perf_hooks';
import { addon } from '../binding/native-locks.js';

/**
 * How long a process may acquire a path's lock repeatedly without having to wait, before it pauses. The limit is low
 * after the process had to wait for others. It doubles each time the lock is still free after a pause: usually nobody
 * is waiting.
 */
const CONTENDED_STREAK_MS = 0.3;
const FIRST_STREAK_MS = 1;
const LONGEST_STREAK_MS = 8;

/** Long enough for the scheduler to run a process that the release woke. */
const PAUSE_MS = 0.06;

/**
 * Fairness between processes. The kernel does not hand flock over: it wakes the waiters, and the first process to ask
 * gets the lock. That is usually the one that released it, because it is already running. Without pauses, a blocked
 * process starved for 1.5 s.
 */
export class Fairness {
  #streakStart = 0;
  #longestStreakMs = FIRST_STREAK_MS;
  #released = Number.NEGATIVE_INFINITY;
  #hasPaused = false;

  /** Whether this process had to wait, and no pause since then found the lock free. */
  get isContended(): boolean {
    return this.#longestStreakMs === CONTENDED_STREAK_MS;
  }

  /** How long to stay away before the next try, in milliseconds. Usually 0. */
  pauseMs(): number {
    const now = performance.now();
    const away = now - this.#released;
    if (away >= PAUSE_MS) {
      this.#streakStart = now;
      return 0;
    }
    if (now - this.#streakStart < this.#longestStreakMs) return 0;
    this.#hasPaused = true;
    return PAUSE_MS - away;
  }

  /** Blocks this thread for the pause. */
  pauseSync(): void {
    for (let ms = this.pauseMs(); ms > 0; ms = this.pauseMs()) addon().pause(ms);
  }

  noteRelease(): void {
    this.#released = performance.now();
  }

  /** Notes that this process had to wait, so others have had the lock. */
  noteWaited(): void {
    this.#streakStart = performance.now();
    this.#longestStreakMs = CONTENDED_STREAK_MS;
    this.#hasPaused = false;
  }

  /** Notes that the lock was free. After a pause, the next streak may be longer. */
  noteFree(): void {
    if (!this.#hasPaused) return;
    this.#hasPaused = false;
    this.#longestStreakMs = this.isContended ? FIRST_STREAK_MS : Math.min(2 * this.#longestStreakMs, LONGEST_STREAK_MS);
  }
}
