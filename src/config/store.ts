import type { WaitOptions } from '../lock/index.js';
import { type Key, parseKey, type TomlInput, type TomlTable, type TomlValue } from '../toml/index.js';
import { configPath } from './file/config-path.js';
import { getConfigValueSync, readDocument } from './file/read.js';
import type { StandardSchema } from './schema.js';
import { StoreView } from './store-view.js';
import { findInTable } from './tables.js';
import { type ConfigTransaction, isThenable } from './transaction/merge-changes.js';
import type { WriteOptions } from './transaction/write-options.js';
import { type ConfigChange, ConfigWatch, onConfigChange, type WatchOptions } from './watch/config-watch.js';
import { isAbsent, settingOf, unsettingOf, updateConfig, updateConfigSync } from './write.js';

export interface ConfigStoreOptions<T extends object, Input extends object = T> extends WriteOptions {
  /** What is read where nothing is stored; laid under the stored tables, theirs too. Never written. */
  defaults?: Partial<Input> | undefined;
  /**
   * Any Standard Schema validator that is synchronous: of zod, valibot, arktype. It gets what is stored, over the
   * defaults. Reads give its output. Of a write it only says whether it may be: what is stored is what was set.
   */
  schema?: StandardSchema<T, Input> | undefined;
}

/** As {@link WaitOptions}, for the synchronous forms. */
type WaitSyncOptions = Omit<WaitOptions, 'signal'>;

type Named<T> = Extract<keyof T, string>;
/** Where T names no keys, any key and whatever TOML can hold. */
type SetKey<Input, K extends Named<Input>> = string extends keyof Input ? Key : K | readonly [K];
type SetValue<Input, K extends Named<Input>> = string extends keyof Input ? TomlInput : Exclude<Input[K], undefined>;

/**
 * One config file as an object. Many stores, in many processes, may have the same file: each read sees the file as it
 * is, and no write is lost.
 *
 * With a `schema`, `T` is what it gives and `Input` is what it takes; both are inferred from it. Then
 *
 * - `get`, `all`, `watch` and `onChange` give the schema's output: its defaults filled in, its transformations done, the
 *   keys gone that it strips. It is asked once for each text of the file. Tables and arrays of the output are frozen and
 *   have no prototype, as all that is read. They throw CONFIG_INVALID where the file, over `defaults`, is not what the
 *   schema asks for, also if that is in another key than the one asked for: a store never answers from a bad file.
 * - `set`, `unset` and `update` write only if the whole file, over `defaults`, will be valid, else they throw
 *   CONFIG_INVALID and take back their own edits alone. So a file that is invalid can be repaired, in one `update` if
 *   several keys are wrong. What is stored is the value that was set, not what the schema makes of it.
 * - `has`, and `get` of a transaction, see what is stored, valid or not.
 *
 * Integers beyond ±(2^53 − 1) come to the schema as bigint, dates as TomlDateTime.
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
   * @param path - The config file; need not exist.
   * @param options - `defaults`, `schema`; and what `timeout`, `signal`, `onWait` and `fileMode` are for calls that do not
   *   say. `fileMode: 0o600` is for secrets: config, lock file and temporary file are created so.
   * @throws ZjjError INVALID_VALUE: TOML cannot say the defaults. TypeError: `schema` is none.
   */
  constructor(
    path: string | URL,
    options: ConfigStoreOptions<T, Input> & { readonly schema: StandardSchema<T, Input> },
  );
  constructor(path: string | URL, options?: ConfigStoreOptions<T>);
  constructor(path: string | URL, options: ConfigStoreOptions<T, Input> = {}) {
    const { defaults = {}, schema, ...writeOptions } = options;
    this.path = configPath(path);
    this.#options = writeOptions;
    this.#view = new StoreView(this.path, defaults, schema);
  }

  /**
   * Reads one value. Takes no lock and never waits.
   *
   * @param key - `[name]` is one part, dots and all; a bare string is a key path, and is typed when it is a name of T.
   * @returns The value, or its default; undefined where there is neither.
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
   * Whether a key is stored. Defaults do not count, and the schema is not asked.
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
   * Sets one key, merged into what others have written.
   *
   * @param key - As for {@link get}. A key of several parts is taken as an array, or as a string where T says nothing.
   * @param value - What to store: what the schema takes, where there is one.
   * @param options - `timeout` in milliseconds, `signal`, `onWait`; default: those of the store.
   * @returns Resolves when the value is in the file, and on disk.
   * @throws ZjjError as `setConfigValue`, and ConfigInvalidError CONFIG_INVALID: the config would be invalid; nothing is
   *   written. `signal.reason` when aborted.
   * @example
   * await store.set('port', 8080, { timeout: 1000 });
   */
  set<K extends Named<Input>>(key: SetKey<Input, K>, value: SetValue<Input, K>, options?: WaitOptions): Promise<void>;
  set(key: readonly [string, string, ...string[]], value: TomlInput, options?: WaitOptions): Promise<void>;
  async set(key: Key, value: unknown, options?: WaitOptions): Promise<void> {
    await this.update(settingOf(key, value as TomlInput), options);
  }

  /** As {@link set}, but blocks the thread. Also throws LOCK_DEADLOCK where that could never end. */
  setSync<K extends Named<Input>>(key: SetKey<Input, K>, value: SetValue<Input, K>, options?: WaitSyncOptions): void;
  setSync(key: readonly [string, string, ...string[]], value: TomlInput, options?: WaitSyncOptions): void;
  setSync(key: Key, value: unknown, options?: WaitSyncOptions): void {
    this.updateSync(settingOf(key, value as TomlInput), options);
  }

  /**
   * Removes one key: its line, or a table with all that is in it. Its default shows again.
   *
   * @param key - As for {@link get}.
   * @param options - As for {@link set}.
   * @returns False when it was not stored.
   * @throws as {@link set}.
   * @example
   * await store.unset('token');
   */
  async unset(key: Key, options?: WaitOptions): Promise<boolean> {
    const unset = unsettingOf(key);
    return isAbsent(this.path) ? false : this.update(unset, options);
  }

  /** As {@link unset}, but blocks the thread. Also throws LOCK_DEADLOCK where that could never end. */
  unsetSync(key: Key, options?: WaitSyncOptions): boolean {
    const unset = unsettingOf(key);
    return isAbsent(this.path) ? false : this.updateSync(unset, options);
  }

  /**
   * Reads everything: what is stored, over the defaults, as the schema gives it.
   *
   * @returns Frozen. Also a table of the schema's making, if its output is one.
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
   * Reads, decides and writes as one step that nobody can come between.
   *
   * @param change - As for `updateConfig`: synchronous, and may run again. The transaction sees what is stored, without
   *   defaults and as it is before the schema.
   * @param options - As for {@link set}.
   * @returns What `change` returned, when its edits are on disk.
   * @throws as {@link set}, and what `change` throws.
   * @example
   * await store.update((transaction) => transaction.set('count', Number(transaction.get('count') ?? 0) + 1));
   */
  async update<R>(
    change: (transaction: ConfigTransaction) => R extends PromiseLike<unknown> ? never : R,
    options?: WaitOptions,
  ): Promise<R> {
    return updateConfig<R>(this.path, this.#validated(change), this.#with(options));
  }

  /** As {@link update}, but blocks the thread. Also throws LOCK_DEADLOCK where that could never end. */
  updateSync<R>(
    change: (transaction: ConfigTransaction) => R extends PromiseLike<unknown> ? never : R,
    options?: WaitSyncOptions,
  ): R {
    return updateConfigSync<R>(this.path, this.#validated(change), this.#with(options));
  }

  /**
   * The changes from now on, whoever makes them: other processes, this one, a person with an editor. Starts at once, not
   * with the first `next()`.
   *
   * Each has the config as it was (`old`), as it is (`new`), and which `keys` differ; the `new` of one is the `old` of the
   * next. Changes that follow each other faster than they are taken come as one, and one that is taken back does not come;
   * the last state always does. A change of comments or layout is none.
   *
   * A file that cannot be read for the moment, is not TOML, or not what the schema asks for, is passed over until the
   * next one that is; `onError` is told of it, once. One that is gone or empty, or not right, is looked at again 100 ms
   * later before it counts: an editor may be saving it. One that is written in place, not by rename, may be seen half.
   *
   * The file may not exist yet, nor its directory; it may be replaced, or be a symbolic link, and what that leads to may
   * change. Directories are watched with fs.watch; every two seconds the file is read besides, for where the system
   * tells nothing: network file systems, watches used up. It keeps the process alive until it ends.
   *
   * @param options - `signal` ends it: `next()` rejects with `signal.reason`. `onError(error)` is told of what was passed over.
   * @returns Ends with `break`, `return()` or `await using`; then nothing of it is left.
   * @throws ZjjError as {@link all}, if the config cannot be read now.
   * @example
   * for await (const { new: config, keys } of store.watch({ signal })) {
   *   if (keys.some(([name]) => name === 'port')) server.listen(config.port);
   * }
   */
  watch(options: WatchOptions = {}): AsyncIterableIterator<ConfigChange<T>> & AsyncDisposable {
    return new ConfigWatch(this.path, this.#view, { signal: this.#options.signal, ...options });
  }

  /**
   * Calls a listener for each change, as {@link watch} gives them. It does not keep the process alive.
   *
   * @param listener - What it throws is an uncaught exception, and the next change still comes.
   * @param options - As for {@link watch}; the signal just ends it.
   * @returns Dispose of it to end: `using`, or `[Symbol.dispose]()`. The listener is not called any more, and nothing is left.
   * @throws as {@link watch}.
   * @example
   * const subscription = store.onChange(({ new: config }) => logger.setLevel(config.level));
   * // later
   * subscription[Symbol.dispose]();
   */
  onChange(listener: (change: ConfigChange<T>) => void, options: WatchOptions = {}): Disposable {
    if (typeof listener !== 'function') throw new TypeError(`listener must be a function, not ${typeof listener}`);
    return onConfigChange(this.path, this.#view, listener, { signal: this.#options.signal, ...options });
  }

  /** The change, refused if what it leaves is not valid. */
  #validated<R>(change: (transaction: ConfigTransaction) => R): (transaction: ConfigTransaction) => R {
    if (!this.#view.validates || typeof change !== 'function') return change;
    return (transaction) => {
      const result = change(transaction);
      // It is refused for being a promise.
      if (!isThenable(result)) this.#view.check(transaction.all());
      return result;
    };
  }

  #with(options: WaitOptions | undefined): WriteOptions {
    if (options === undefined) return this.#options;
    const { timeout = this.#options.timeout, signal = this.#options.signal, onWait = this.#options.onWait } = options;
    return { ...this.#options, timeout, signal, onWait };
  }
}
