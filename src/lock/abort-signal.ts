import { setMaxListeners } from 'node:events';

/** What zjj uses of an AbortSignal. It may be that of a page, of jsdom or of a polyfill. */
export type AbortSignalLike = Pick<AbortSignal, 'aborted' | 'reason' | 'addEventListener' | 'removeEventListener'>;

interface AbortListener {
  handleEvent(): void;
}

/** @throws TypeError: `signal` is defined and has not the interface of an AbortSignal. */
export function checkSignal(signal: AbortSignalLike | undefined): void {
  if (signal === undefined) return;
  const { aborted, addEventListener, removeEventListener }: Partial<AbortSignalLike> = signal ?? {};
  const isSignal =
    typeof aborted === 'boolean' && typeof addEventListener === 'function' && typeof removeEventListener === 'function';
  if (!isSignal) throw new TypeError('signal must be an AbortSignal');
}

/** Throws the signal's reason if it is aborted. Old polyfills have no AbortSignal.throwIfAborted. */
export function throwIfAborted(signal: AbortSignalLike | undefined): void {
  if (signal?.aborted) throw abortReason(signal);
}

/** The reason of an aborted signal. Old polyfills have none: then an error like those that Node.js makes. */
export function abortReason(signal: AbortSignalLike | undefined): unknown {
  if (signal?.reason !== undefined) return signal.reason;
  return Object.assign(new Error('This operation was aborted'), { name: 'AbortError', code: 'ABORT_ERR' });
}

/**
 * Listens for the abort of a signal that many calls may share. Lifts the signal's listener limit: otherwise Node.js
 * prints a leak warning when many waits use one signal.
 */
export function listenForAbort(signal: AbortSignalLike, listener: AbortListener): void {
  if (!(signal instanceof Canceller)) liftListenerLimit(signal);
  signal.addEventListener('abort', listener);
}

function liftListenerLimit(signal: AbortSignalLike): void {
  try {
    // Not 0, which means the same but makes getMaxListeners of Node.js 20 throw.
    setMaxListeners(Number.POSITIVE_INFINITY, signal as AbortSignal);
  } catch {
    // Not an EventTarget of Node.js. It has no limit.
  }
}

/** A signal of zjj's own. The global AbortController may be that of a page. */
export class Canceller implements AbortSignalLike {
  aborted = false;
  readonly reason: unknown = undefined;
  readonly #listeners = new Set<unknown>();

  addEventListener(_type: string, listener: unknown): void {
    this.#listeners.add(listener);
  }

  removeEventListener(_type: string, listener: unknown): void {
    this.#listeners.delete(listener);
  }

  abort(): void {
    if (this.aborted) return;
    this.aborted = true;
    for (const listener of [...this.#listeners]) (listener as AbortListener).handleEvent();
  }
}
