import { addon } from './native-locks.js';

/** A process that took a path's lock again and again for this long without having to wait lets others have a turn. */
const STREAK_MS = 1;

/** How long it stays away; enough for a process that the release woke to be on a processor. */
const PAUSE_MS = 0.06;

/**
 * Fairness between processes. The kernel does not hand flock over: it wakes the waiters, and whoever asks first has it,
 * which is the one that released it and is already running. Without pauses a blocked process starved for 1.5 s.
 */
export class Turns {
  #streakStart = 0;
  #released = Number.NEGATIVE_INFINITY;

  /** Milliseconds to stay away before the next try; mostly 0. */
  pauseMs(): number {
    const now = performance.now();
    const away = now - this.#released;
    if (away >= PAUSE_MS) {
      this.#streakStart = now;
      return 0;
    }
    return now - this.#streakStart < STREAK_MS ? 0 : PAUSE_MS - away;
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
  }
}
