import { listenForAbort } from '../../lock/internal.js';
import type { Snapshot, StoreView } from '../store-view.js';
import { changedKeys } from '../tables.js';
import { ChangeFeed } from './change-feed.js';

/** A config as it was and as it is. */
export interface ConfigChange<T> {
  /** The `new` of the change before. */
  readonly old: Readonly<T>;
  readonly new: Readonly<T>;
  /**
   * The keys, part by part, under which what is stored, or its default, is another value now: where both have a table,
   * the members that differ, else the value itself. With a schema too, keys of the file and not of the schema's output.
   */
  readonly keys: readonly (readonly string[])[];
}

export interface WatchOptions {
  /** Ends it. */
  signal?: AbortSignal | undefined;
  /**
   * Told once of each state of the file that is passed over: it cannot be read (CONFIG_READ), is not TOML (CONFIG_PARSE,
   * CONFIG_ENCODING, CONFIG_LIMIT), or not what the schema asks for (CONFIG_INVALID). What it throws is an uncaught
   * exception. Default: such states are passed over in silence, and every read of the config says what is wrong.
   */
  onError?: ((error: unknown) => void) | undefined;
}

/** The changes of a config as they are taken; those that nobody took yet are one. */
export class ConfigWatch<T extends object> implements AsyncIterableIterator<ConfigChange<T>>, AsyncDisposable {
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = { handleEvent: () => this.#abort() };
  readonly #waiting: { resolve(result: IteratorResult<ConfigChange<T>>): void; reject(reason: unknown): void }[] = [];
  /** Undefined when it has ended. */
  #feed: ChangeFeed<T> | undefined;
  /** As whoever takes the changes knows it. */
  #taken: Snapshot<T> | undefined;
  #latest: Snapshot<T> | undefined;
  /** An abort that is still to be told. */
  #aborted: { readonly reason: unknown } | undefined;

  constructor(path: string, view: StoreView<T>, { signal, onError }: WatchOptions) {
    this.#signal = signal;
    if (signal?.aborted) {
      this.#aborted = { reason: signal.reason };
      return;
    }
    this.#feed = new ChangeFeed(path, view, {
      keepsAlive: true,
      onSnapshot: (snapshot) => {
        this.#latest = snapshot;
        this.#give();
      },
      onError: (error) => callUncaught(onError, error),
    });
    this.#taken = this.#feed.first;
    this.#latest = this.#feed.first;
    if (signal !== undefined) listenForAbort(signal, this.#onAbort);
  }

  next(): Promise<IteratorResult<ConfigChange<T>>> {
    const aborted = this.#aborted;
    this.#aborted = undefined;
    if (aborted !== undefined) return Promise.reject(aborted.reason);
    if (this.#feed === undefined) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#give();
    });
  }

  return(): Promise<IteratorResult<ConfigChange<T>>> {
    this.#end();
    this.#aborted = undefined;
    for (const { resolve } of this.#waiting.splice(0)) resolve({ done: true, value: undefined });
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  #give(): void {
    if (this.#waiting.length === 0 || this.#taken === undefined || this.#latest === undefined) return;
    const change = changeBetween(this.#taken, this.#latest);
    if (change === undefined) return;
    this.#taken = this.#latest;
    this.#waiting.shift()?.resolve({ done: false, value: change });
  }

  #abort(): void {
    this.#end();
    const reason: unknown = this.#signal?.reason;
    const [first, ...others] = this.#waiting.splice(0);
    if (first === undefined) this.#aborted = { reason };
    else first.reject(reason);
    for (const { resolve } of others) resolve({ done: true, value: undefined });
  }

  #end(): void {
    this.#feed?.end();
    this.#feed = undefined;
    this.#signal?.removeEventListener('abort', this.#onAbort);
  }
}

/** Calls a listener for each change, until the result is disposed of or the signal aborts. */
export function onConfigChange<T extends object>(
  path: string,
  view: StoreView<T>,
  listener: (change: ConfigChange<T>) => void,
  { signal, onError }: WatchOptions,
): Disposable {
  if (signal?.aborted) return { [Symbol.dispose]() {} };
  const feed = new ChangeFeed<T>(path, view, {
    keepsAlive: false,
    onSnapshot: (snapshot) => {
      const change = changeBetween(known, snapshot);
      if (change === undefined) return;
      known = snapshot;
      callUncaught(listener, change);
    },
    onError: (error) => callUncaught(onError, error),
  });
  let known = feed.first;
  const end = () => {
    feed.end();
    signal?.removeEventListener('abort', onAbort);
  };
  const onAbort = { handleEvent: end };
  if (signal !== undefined) listenForAbort(signal, onAbort);
  return { [Symbol.dispose]: end };
}

/** Undefined where all that was read is the same. */
function changeBetween<T extends object>(old: Snapshot<T>, now: Snapshot<T>): ConfigChange<T> | undefined {
  const keys = old === now ? [] : changedKeys(old.tree, now.tree);
  return keys.length === 0 ? undefined : Object.freeze({ old: old.value, new: now.value, keys: Object.freeze(keys) });
}

/** What a listener throws must not keep the others from being called, and must not be lost. */
function callUncaught<A>(listener: ((argument: A) => void) | undefined, argument: A): void {
  try {
    listener?.(argument);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
