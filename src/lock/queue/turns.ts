import { addon } from '../binding/native-locks.js';

/**
 * A process that took a path's lock again and again for so long without having to wait lets others have a turn: soon if
 * it has met others, else more and more rarely, for then the pauses are mostly for nobody.
 */
const CONTENDED_STREAK_MS = 0.3;
const FIRST_STREAK_MS = 1;
const LONGEST_STREAK_MS = 8;

/** How long it stays away; enough for a process that the release woke to be on a processor. */
const PAUSE_MS = 0.06;

/**
 * Fairness between processes. The kernel does not hand flock over: it wakes the waiters, and whoever asks first has it,
 * which is the one that released it and is already running. Without pauses a blocked process starved for 1.5 s.
 */
export class Turns {
  #streakStart = 0;
  #longestStreakMs = FIRST_STREAK_MS;
  #released = Number.NEGATIVE_INFINITY;
  #pauses = false;

  /** Whether the last pause, or the last try, met others who had the lock. */
  get isContended(): boolean {
    return this.#longestStreakMs === CONTENDED_STREAK_MS;
  }

  /** Milliseconds to stay away before the next try; mostly 0. */
  pauseMs(): number {
    const now = performance.now();
    const away = now - this.#released;
    if (away >= PAUSE_MS) {
      this.#streakStart = now;
      return 0;
    }
    if (now - this.#streakStart < this.#longestStreakMs) return 0;
    this.#pauses = true;
    return PAUSE_MS - away;
  }

  /** The pause of a synchronous caller. */
  restSync(): void {
    for (let ms = this.pauseMs(); ms > 0; ms = this.pauseMs()) addon().pause(ms);
  }

  noteRelease(): void {
    this.#released = performance.now();
  }

  /** Others had their turn. */
  noteWaited(): void {
    this.#streakStart = performance.now();
    this.#longestStreakMs = CONTENDED_STREAK_MS;
    this.#pauses = false;
  }

  /** The lock was to be had at once. */
  noteFree(): void {
    if (!this.#pauses) return;
    this.#pauses = false;
    this.#longestStreakMs = this.isContended ? FIRST_STREAK_MS : Math.min(2 * this.#longestStreakMs, LONGEST_STREAK_MS);
  }
}
