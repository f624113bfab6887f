// The config store: one TOML file that any number of processes can write at once.

import type { WaitOptions } from '../lock/index.js';
import { checkFunction, checkOptions, type OptionNames, throwIfAborted } from '../lock/internal.js';
import { type Key, parseKey, type TomlInput, type TomlTable, type TomlValue } from '../toml/index.js';
import { readDocument } from './file/read-document.js';
import { configPath } from './file/resolve.js';
import { getConfigValueSync } from './read.js';
import type { StandardSchema } from './schema.js';
import { StoreView } from './store-view.js';
import { findInTable } from './tables.js';
import { type ConfigTransaction, isThenable } from './transaction/merge-changes.js';
import { transact, transactSync } from './transaction/transact.js';
import { checkWriteOptions, WRITE_OPTIONS, type WriteOptions } from './transaction/write-call.js';
import { type ConfigChange, ConfigWatch, onConfigChange, type WatchOptions } from './watch/config-watch.js';
import { changeToSet, changeToUnset, isAbsent } from './write.js';

export interface ConfigStoreOptions<T extends object, Input extends object = T> extends WriteOptions {
  /** Values for keys that are not stored, at any depth. Never written. */
  defaults?: Partial<Input> | undefined;
  /**
   * A synchronous Standard Schema, for example of zod, valibot or arktype. It validates the stored values over the
   * defaults. Reads return its output. Writes are only checked against it: they store the value that was set.
   */
  schema?: StandardSchema<T, Input> | undefined;
}

/** As {@link WaitOptions}, for the synchronous forms. */
type WaitSyncOptions = Omit<WaitOptions, 'signal'>;

const STORE_OPTIONS: OptionNames = new Set(['defaults', 'schema', ...WRITE_OPTIONS]);
const CALL_SYNC_OPTIONS: OptionNames = new Set(['timeout', 'onWait']);
const CALL_OPTIONS: OptionNames = new Set([...CALL_SYNC_OPTIONS, 'signal']);
const WATCH_OPTIONS: OptionNames = new Set(['signal', 'onError']);

type Named<T> = Extract<keyof T, string>;
/** If T names no keys: any key, and any value that TOML can express. */
type SetKey<Input, K extends Named<Input>> = string extends keyof Input ? Key : K | readonly [K];
type SetValue<Input, K extends Named<Input>> = string extends keyof Input ? TomlInput : Exclude<Input[K], undefined>;

/**
 * One config file as an object. Many stores, in many processes, can use the same file: each read sees the current file,
 * and no write is lost.
 *
 * With a `schema`, `T` is the type of its output and `Input` that of its input; both are inferred. Then:
 *
 * - `get`, `all`, `watch` and `onChange` return the schema's output, with its defaults and transformations applied and
 *   unknown keys stripped if the schema does that. Each version of the file is validated once. Tables and arrays of the
 *   output are frozen and have no prototype, like all values that are read. If the file over `defaults` fails the
 *   schema, these methods throw CONFIG_INVALID, even if the fault is in another key: a store never answers from an
 *   invalid file.
 * - `set`, `unset` and `update` write only if the whole file over `defaults` will be valid. Otherwise they throw
 *   CONFIG_INVALID and undo their own edits only. So an invalid file can be repaired, with one `update` if several keys
 *   are wrong. The file stores the value that was set, not the schema's output.
 * - `has`, and a transaction's `get`, see the stored values, valid or not.
 *
 * The schema receives integers beyond ±(2^53 − 1) as bigint, and dates as TomlDateTime.
 *
 * @example
 * const store = new ConfigStore<{ port: number; host: string }>('config.toml', { defaults: { port: 8080 } });
 * await store.set('host', 'localhost');
 * const port = await store.get('port');
 *
 * @example
 * const schema = z.object({ port: z.number().int().max(65535).default(8080) });
 * const store = new ConfigStore('config.toml', { schema });
 * await store.set('port', 70000); // ConfigInvalidError CONFIG_INVALID: … port: Too big …
 * const { port } = await store.all();
 */
export class ConfigStore<T extends object = TomlTable, Input extends object = T> {
  readonly path: string;
  readonly #options: WriteOptions;
  readonly #view: StoreView<T>;

  /**
   * @param path - The config file. It need not exist.
   * @param options - `defaults`, `schema`, and the default `timeout` (milliseconds), `signal`, `onWait` and `fileMode` of
   *   every call. Use `fileMode: 0o600` for secrets: config, lock file and temporary file are created with it.
   * @throws ZjjError INVALID_VALUE: TOML cannot express the defaults. TypeError: `schema` is not a Standard Schema.
   */
  constructor(
    path: string | URL,
    options: ConfigStoreOptions<T, Input> & { readonly schema: StandardSchema<T, Input> },
  );
  constructor(path: string | URL, options?: ConfigStoreOptions<T>);
  constructor(path: string | URL, options: ConfigStoreOptions<T, Input> = {}) {
    checkOptions(options, STORE_OPTIONS);
    const { defaults = {}, schema, ...writeOptions } = options;
    checkWriteOptions(writeOptions, WRITE_OPTIONS);
    this.path = configPath(path);
    this.#options = writeOptions;
    this.#view = new StoreView(this.path, defaults, schema);
  }

  /**
   * Reads one value. Takes no lock and never waits.
   *
   * @param key - A string is a TOML key path; if it is a key of T, the result is typed. An array holds the parts as they
   *   are, dots included.
   * @returns The value, or its default; undefined if there is neither.
   * @throws ZjjError as `getConfigValue`, and ConfigInvalidError CONFIG_INVALID.
   * @example
   * const port = await store.get('port');
   * const level = await store.get('log.level');
   */
  get<K extends Named<T>>(key: K | readonly [K]): Promise<T[K] | undefined>;
  get(key: Key): Promise<TomlValue | undefined>;
  async get(key: Key): Promise<unknown> {
    return this.getSync(key);
  }

  /** As {@link get}, synchronously. */
  getSync<K extends Named<T>>(key: K | readonly [K]): T[K] | undefined;
  getSync(key: Key): TomlValue | undefined;
  getSync(key: Key): unknown {
    const parts = parseKey(key);
    return findInTable(this.allSync(), parts);
  }

  /**
   * Tells whether a key is stored. Ignores defaults and the schema.
   *
   * @param key - As for {@link get}.
   * @throws ZjjError as `getConfigValue`.
   * @example
   * if (!(await store.has('token'))) await logIn();
   */
  async has(key: Key): Promise<boolean> {
    return this.hasSync(key);
  }

  /** As {@link has}, synchronously. */
  hasSync(key: Key): boolean {
    return getConfigValueSync(this.path, key) !== undefined;
  }

  /**
   * Sets one key. The write is merged into what others have written.
   *
   * @param key - As for {@link get}. If T names keys, pass a key of several parts as an array.
   * @param value - The value to store, of the schema's input type.
   * @param options - `timeout` in milliseconds, `signal`, `onWait`. They default to those of the store.
   * @returns Resolves when the value is in the file and on disk.
   * @throws ZjjError as `setConfigValue`. ConfigInvalidError CONFIG_INVALID: the config would be invalid; nothing is
   *   written. `signal.reason` if aborted.
   * @example
   * await store.set('port', 8080, { timeout: 1000 });
   */
  set<K extends Named<Input>>(key: SetKey<Input, K>, value: SetValue<Input, K>, options?: WaitOptions): Promise<void>;
  set(key: readonly [string, string, ...string[]], value: TomlInput, options?: WaitOptions): Promise<void>;
  async set(key: Key, value: unknown, options?: WaitOptions): Promise<void> {
    await this.#update(changeToSet(key, value as TomlInput), this.#with(options, CALL_OPTIONS));
  }

  /**
   * As {@link set}, but blocks the thread. The calls that this thread has pending for the config are written and settled
   * first, so this form also works in an `exit` listener.
   *
   * @throws as {@link set}, and ZjjError LOCK_DEADLOCK: this thread itself holds the lock on `<path>.lock`, or the call is
   *   made inside the change or the `onWait` of another call for the config.
   */
  setSync<K extends Named<Input>>(key: SetKey<Input, K>, value: SetValue<Input, K>, options?: WaitSyncOptions): void;
  setSync(key: readonly [string, string, ...string[]], value: TomlInput, options?: WaitSyncOptions): void;
  setSync(key: Key, value: unknown, options?: WaitSyncOptions): void {
    this.#updateSync(changeToSet(key, value as TomlInput), this.#with(options, CALL_SYNC_OPTIONS));
  }

  /**
   * Removes one key and its line, or a table with all its contents. Reads return its default again.
   *
   * @param key - As for {@link get}.
   * @param options - As for {@link set}.
   * @returns False if it was not stored.
   * @throws as {@link set}.
   * @example
   * await store.unset('token');
   */
  async unset(key: Key, options?: WaitOptions): Promise<boolean> {
    const merged = this.#with(options, CALL_OPTIONS);
    const change = changeToUnset(key);
    return isAbsent(this.path) ? false : this.#update(change, merged);
  }

  /** As {@link unset}, but blocks the thread, and writes what is pending first: see {@link setSync}. */
  unsetSync(key: Key, options?: WaitSyncOptions): boolean {
    const merged = this.#with(options, CALL_SYNC_OPTIONS);
    const change = changeToUnset(key);
    return isAbsent(this.path) ? false : this.#updateSync(change, merged);
  }

  /**
   * Reads all values: those stored, over the defaults, through the schema.
   *
   * @returns The values, frozen.
   * @throws ZjjError as `readConfig`, and ConfigInvalidError CONFIG_INVALID.
   * @example
   * const { port, host } = await store.all();
   */
  async all(): Promise<Readonly<T>> {
    return this.allSync();
  }

  /** As {@link all}, synchronously. */
  allSync(): Readonly<T> {
    return this.#view.of(readDocument(this.path)).value;
  }

  /**
   * Reads, decides and writes in one step. No other writer can come in between.
   *
   * @param change - As for `updateConfig`: synchronous, and may run again. The transaction sees the stored values,
   *   without defaults and before the schema.
   * @param options - As for {@link set}.
   * @returns What `change` returned, once its edits are on disk.
   * @throws as {@link set}, and whatever `change` throws.
   * @example
   * await store.update((transaction) => transaction.set('count', Number(transaction.get('count') ?? 0) + 1));
   */
  async update<R>(
    change: (transaction: ConfigTransaction) => R extends PromiseLike<unknown> ? never : R,
    options?: WaitOptions,
  ): Promise<R> {
    return this.#update<R>(change, this.#with(options, CALL_OPTIONS));
  }

  /** As {@link update}, but blocks the thread, and writes what is pending first: see {@link setSync}. */
  updateSync<R>(
    change: (transaction: ConfigTransaction) => R extends PromiseLike<unknown> ? never : R,
    options?: WaitSyncOptions,
  ): R {
    return this.#updateSync<R>(change, this.#with(options, CALL_SYNC_OPTIONS));
  }

  /**
   * Iterates over the changes from now on, made by other processes, by this one, or by a person with an editor. The watch
   * begins at once, not with the first `next()`.
   *
   * Each change has the config before (`old`) and after it (`new`), and the `keys` that differ. The `new` of a change is
   * the `old` of the next. Changes that come faster than the caller takes them are merged, and a change that is undone
   * before it is taken is dropped. The last state is always delivered. A change of comments or layout is not reported.
   *
   * A state that cannot be read, is not TOML, or fails the schema is skipped and reported once to `onError`. A file that
   * is missing, empty or invalid is read again 100 ms later before it counts, since an editor may be saving it. A file
   * that is written in place, not by rename, may be seen half written.
   *
   * The file and its directory need not exist. The file may be replaced, or be a symbolic link whose target changes.
   * fs.watch watches the directories. The file is also read every two seconds, because network file systems send no
   * events and the system may run out of watches. The watch keeps the process alive until it ends.
   *
   * @param options - `signal` ends the watch: `next()` rejects with `signal.reason`. `onError(error)` is called for
   *   skipped states.
   * @returns An iterator. `break`, `return()` or `await using` ends the watch and closes everything.
   * @throws ZjjError as {@link all}, if the config cannot be read now.
   * @example
   * for await (const { new: config, keys } of store.watch({ signal })) {
   *   if (keys.some(([name]) => name === 'port')) server.listen(config.port);
   * }
   */
  watch(options: WatchOptions = {}): AsyncIterableIterator<ConfigChange<T>> & AsyncDisposable {
    return new ConfigWatch(this.path, this.#view, this.#watchWith(options));
  }

  /**
   * Calls a listener for each change that {@link watch} would deliver. Does not keep the process alive.
   *
   * @param listener - If it throws, that is an uncaught exception. It is still called for the next change.
   * @param options - As for {@link watch}; an abort ends the subscription silently.
   * @returns The subscription. Dispose of it with `using` or `[Symbol.dispose]()` to end it and close everything.
   * @throws as {@link watch}.
   * @example
   * const subscription = store.onChange(({ new: config }) => logger.setLevel(config.level));
   * // later
   * subscription[Symbol.dispose]();
   */
  onChange(listener: (change: ConfigChange<T>) => void, options: WatchOptions = {}): Disposable {
    if (typeof listener !== 'function') throw new TypeError(`listener must be a function, not ${typeof listener}`);
    return onConfigChange(this.path, this.#view, listener, this.#watchWith(options));
  }

  /** Wraps a change so that it throws if its result does not match the schema. */
  #validated<R>(change: (transaction: ConfigTransaction) => R): (transaction: ConfigTransaction) => R {
    if (!this.#view.validates || typeof change !== 'function') return change;
    return (transaction) => {
      const result = change(transaction);
      // A promise is refused later, with its own error.
      if (!isThenable(result)) this.#view.check(transaction);
      return result;
    };
  }

  #update<R>(change: (transaction: ConfigTransaction) => R, options: WriteOptions): Promise<R> {
    return transact<R>(() => this.path, this.#validated(change), options);
  }

  #updateSync<R>(change: (transaction: ConfigTransaction) => R, options: WriteOptions): R {
    return transactSync<R>(() => this.path, this.#validated(change), options);
  }

  /**
   * A call's options over those of the store.
   *
   * @throws TypeError: an option is unknown or of the wrong type. The signal's reason if it is aborted.
   */
  #with(options: WaitOptions | undefined, names: OptionNames): WriteOptions {
    checkWriteOptions(options, names);
    const {
      timeout = this.#options.timeout,
      signal = this.#options.signal,
      onWait = this.#options.onWait,
    } = options ?? this.#options;
    throwIfAborted(signal);
    return { ...this.#options, timeout, signal, onWait };
  }

  #watchWith(options: WatchOptions): WatchOptions {
    checkWriteOptions(options, WATCH_OPTIONS);
    checkFunction(options.onError, 'onError');
    const { signal = this.#options.signal, onError } = options;
    return { signal, onError };
  }
}
