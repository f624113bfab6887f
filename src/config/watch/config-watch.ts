// This folder reports changes of a config, by any process or editor.

import { abortReason, listenForAbort } from '../../lock/internal.js';
import { ChangeFeed, type Snapshot, type SnapshotSource } from './change-feed.js';
import { changedKeys } from './changed-keys.js';

/** One change of a config. */
export interface ConfigChange<T> {
  /** The config before the change: the `new` of the previous change. */
  readonly old: Readonly<T>;
  /** The config after the change. */
  readonly new: Readonly<T>;
  /**
   * The keys, as arrays of parts, whose stored or default values differ. If both sides have a table under a key, the
   * keys that differ within it are listed instead. With a schema, these are still keys of the file, not of the schema's
   * output.
   */
  readonly keys: readonly (readonly string[])[];
}

export interface WatchOptions {
  /** Ends the watch. */
  signal?: AbortSignal | undefined;
  /**
   * Called once for each state of the file that is skipped: the file cannot be read (CONFIG_READ), is not TOML
   * (CONFIG_PARSE, CONFIG_ENCODING, CONFIG_LIMIT), or fails the schema (CONFIG_INVALID). If it throws, that is an
   * uncaught exception. By default such states are skipped silently; every read of the config still reports them.
   */
  onError?: ((error: unknown) => void) | undefined;
}

/** The changes of a config as an async iterator. Changes that the caller has not taken yet are merged into one. */
export class ConfigWatch<T extends object> implements AsyncIterableIterator<ConfigChange<T>>, AsyncDisposable {
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = { handleEvent: () => this.#abort() };
  readonly #waiting: { resolve(result: IteratorResult<ConfigChange<T>>): void; reject(reason: unknown): void }[] = [];
  /** Undefined once the watch has ended. */
  #feed: ChangeFeed<T> | undefined;
  /** The last snapshot that the caller has taken. */
  #taken: Snapshot<T> | undefined;
  #latest: Snapshot<T> | undefined;
  /** An abort that no call of next() has reported yet. */
  #aborted: { readonly reason: unknown } | undefined;

  constructor(path: string, view: SnapshotSource<T>, { signal, onError }: WatchOptions) {
    this.#signal = signal;
    if (signal?.aborted) {
      this.#aborted = { reason: abortReason(signal) };
      return;
    }
    this.#feed = new ChangeFeed(path, view, {
      keepsAlive: true,
      onSnapshot: (snapshot) => {
        this.#latest = snapshot;
        this.#deliver();
      },
      onError: (error) => callListener(onError, error),
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
      this.#deliver();
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

  /** Resolves the first waiting next() if there is a change. */
  #deliver(): void {
    if (this.#waiting.length === 0 || this.#taken === undefined || this.#latest === undefined) return;
    const change = changeBetween(this.#taken, this.#latest);
    if (change === undefined) return;
    this.#taken = this.#latest;
    this.#waiting.shift()?.resolve({ done: false, value: change });
  }

  #abort(): void {
    this.#end();
    const reason = abortReason(this.#signal);
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
  view: SnapshotSource<T>,
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
      callListener(listener, change);
    },
    onError: (error) => callListener(onError, error),
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

/** Undefined if no value differs. */
function changeBetween<T extends object>(old: Snapshot<T>, now: Snapshot<T>): ConfigChange<T> | undefined {
  const keys = old === now ? [] : changedKeys(old.tree, now.tree);
  return keys.length === 0 ? undefined : Object.freeze({ old: old.value, new: now.value, keys: Object.freeze(keys) });
}

/** Rethrows a listener's error as an uncaught exception, after the other listeners have been called. */
function callListener<A>(listener: ((argument: A) => void) | undefined, argument: A): void {
  try {
    listener?.(argument);
  } catch (error) {
    process.nextTick(() => {
      throw error;
    });
  }
}
