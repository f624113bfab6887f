import { setMaxListeners } from 'node:events';

/** Listens to a signal that many calls may share: ten thousand waits on one signal are no leak to be warned of. */
export function listenForAbort(signal: AbortSignal, listener: { handleEvent(): void }): void {
  // Not 0, which means the same, but makes getMaxListeners of Node.js 20 throw.
  setMaxListeners(Number.POSITIVE_INFINITY, signal);
  signal.addEventListener('abort', listener);
}
