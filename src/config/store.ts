import type { WaitOptions } from '../lock/index.js';
import { frozenTable, type Key, parseKey, type TomlInput, type TomlTable, type TomlValue } from '../toml/index.js';
import { configPath } from './config-path.js';
import type { ConfigTransaction } from './merge-changes.js';
import { getConfigValueSync, readConfigSync } from './read.js';
import { setConfigValue, unsetConfigValue, updateConfig } from './write.js';
import type { WriteOptions } from './write-options.js';

export interface ConfigStoreOptions<T extends object> extends WriteOptions {
  /** What `get` and `all` give for top-level keys that are not stored. Never written. */
  defaults?: Partial<T> | undefined;
}

type Named<T> = Extract<keyof T, string>;

/**
 * One config file as an object. Many stores, in many processes, may have the same file: each read sees the file as it
 * is, and no write is lost.
 *
 * @example
 * const store = new ConfigStore<{ port: number; host: string }>('config.toml', { defaults: { port: 8080 } });
 * await store.set('host', 'localhost');
 * const port = await store.get('port');
 */
export class ConfigStore<T extends object = TomlTable> {
  readonly path: string;
  readonly #options: WriteOptions;
  readonly #defaults: TomlTable;

  /**
   * @param path - The config file; need not exist.
   * @param options - `defaults`; and what `timeout`, `signal`, `onWait` and `fileMode` are for calls that do not say.
   */
  constructor(path: string | URL, options: ConfigStoreOptions<T> = {}) {
    const { defaults = {}, ...writeOptions } = options;
    this.path = configPath(path);
    this.#options = writeOptions;
    // As if they were stored: what TOML cannot say is refused, and nobody can change them.
    this.#defaults = frozenTable(defaults as TomlInput);
  }

  /**
   * Reads one value.
   *
   * @param key - `[name]` is one part, dots and all; a bare string is a key path, and is typed when it is a name of T.
   * @returns The value, or its default; undefined where there is neither.
   * @throws as `getConfigValue`.
   */
  get<K extends Named<T>>(key: K | readonly [K]): Promise<T[K] | undefined>;
  get(key: Key): Promise<TomlValue | undefined>;
  async get(key: Key): Promise<unknown> {
    const parts = parseKey(key);
    const stored = getConfigValueSync(this.path, asKey(parts));
    return stored === undefined && parts.length === 1 ? this.#defaults[parts[0] as string] : stored;
  }

  /** Whether a key is stored; defaults do not count. Throws as `getConfigValue`. */
  async has(key: Key): Promise<boolean> {
    return getConfigValueSync(this.path, key) !== undefined;
  }

  /** As `setConfigValue`. */
  set<K extends Named<T>>(key: K | readonly [K], value: T[K], options?: WaitOptions): Promise<void>;
  set(key: readonly [string, string, ...string[]], value: TomlInput, options?: WaitOptions): Promise<void>;
  set(this: ConfigStore<TomlTable>, key: Key, value: TomlInput, options?: WaitOptions): Promise<void>;
  async set(key: Key, value: unknown, options?: WaitOptions): Promise<void> {
    await setConfigValue(this.path, key, value as TomlInput, this.#with(options));
  }

  /** As `unsetConfigValue`. */
  async unset(key: Key, options?: WaitOptions): Promise<boolean> {
    return unsetConfigValue(this.path, key, this.#with(options));
  }

  /** Everything: what is stored, and the defaults of what is not. Throws as `readConfig`. */
  async all(): Promise<Readonly<T>> {
    const stored = readConfigSync(this.path);
    return Object.freeze(Object.assign(Object.create(null), this.#defaults, stored));
  }

  /** As `updateConfig`. */
  async update<R>(
    change: (transaction: ConfigTransaction) => R extends PromiseLike<unknown> ? never : R,
    options?: WaitOptions,
  ): Promise<R> {
    return updateConfig<R>(this.path, change, this.#with(options));
  }

  #with(options: WaitOptions | undefined): WriteOptions {
    if (options === undefined) return this.#options;
    const { timeout = this.#options.timeout, signal = this.#options.signal, onWait = this.#options.onWait } = options;
    return { ...this.#options, timeout, signal, onWait };
  }
}

function asKey(parts: readonly string[]): Key {
  return parts as readonly [string, ...string[]];
}
