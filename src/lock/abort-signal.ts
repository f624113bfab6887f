import { setMaxListeners } from 'node:events';

/**
 * Listens for the abort of a signal that many calls may share. Lifts the signal's listener limit: otherwise Node.js
 * prints a leak warning when many waits use one signal.
 */
export function listenForAbort(signal: AbortSignal, listener: { handleEvent(): void }): void {
  // Not 0, which means the same but makes getMaxListeners of Node.js 20 throw.
  setMaxListeners(Number.POSITIVE_INFINITY, signal);
  signal.addEventListener('abort', listener);
}
