import { copyInput, type Key, parseKey, type TomlInput } from '../toml/index.js';
import { configPath } from './file/config-path.js';
import { readFile } from './file/read.js';
import type { ConfigTransaction } from './transaction/merge-changes.js';
import { hasPendingCalls, transact, transactSync } from './transaction/transaction.js';
import type { WriteOptions, WriteSyncOptions } from './transaction/write-options.js';

/**
 * Sets one key. Any number of processes, threads and tasks may do so at once: each write is merged into what the others
 * have written, under a kernel lock on `<path>.lock`. Only the bytes of the value change; comments, order and layout
 * stay as they are. Setting the value that is there writes nothing.
 *
 * @param path - The config file; created with its directory if it is not there. A symbolic link stays one.
 * @param key - A TOML key path (`server.port`, `a."b.c"`), or its parts as an array.
 * @param value - What to store. An integral number stays a float where the file has a float.
 * @param options - `timeout` in milliseconds (default: 5000 without progress), `signal`, `onWait`, `fileMode`.
 * @returns Resolves when the value is in the file, and on disk.
 * @throws ZjjError INVALID_KEY, INVALID_VALUE, KEY_CONFLICT (through a value, over a table, into an array of tables),
 *   CONFIG_PARSE, CONFIG_ENCODING, CONFIG_LIMIT, CONFIG_READ, CONFIG_WRITE; LOCK_TIMEOUT and the other codes of `lock`;
 *   `signal.reason` when aborted. Whatever the error, the file is the old one or the new one, whole.
 * @example
 * await setConfigValue('config.toml', 'server.port', 8080);
 */
export async function setConfigValue(
  path: string | URL,
  key: Key,
  value: TomlInput,
  options?: WriteOptions,
): Promise<void> {
  await updateConfig(path, settingOf(key, value), options);
}

/** As {@link setConfigValue}, but blocks the thread. Also throws LOCK_DEADLOCK where that could never end. */
export function setConfigValueSync(path: string | URL, key: Key, value: TomlInput, options?: WriteSyncOptions): void {
  updateConfigSync(path, settingOf(key, value), options);
}

/**
 * Removes one key: its line, or a table with all that is in it.
 *
 * @param path - The config file.
 * @param key - A TOML key path, or its parts as an array.
 * @param options - As for {@link setConfigValue}.
 * @returns False when the key was not there.
 * @throws as {@link setConfigValue}.
 * @example
 * await unsetConfigValue('config.toml', 'server.port');
 */
export async function unsetConfigValue(path: string | URL, key: Key, options?: WriteOptions): Promise<boolean> {
  const unset = unsettingOf(key);
  return isAbsent(path) ? false : updateConfig(path, unset, options);
}

/** As {@link unsetConfigValue}, but blocks the thread. Also throws LOCK_DEADLOCK where that could never end. */
export function unsetConfigValueSync(path: string | URL, key: Key, options?: WriteSyncOptions): boolean {
  const unset = unsettingOf(key);
  return isAbsent(path) ? false : updateConfigSync(path, unset, options);
}

/**
 * Reads, decides and writes as one step that nobody can come between.
 *
 * @param path - The config file.
 * @param change - Runs while the lock is held, so it must be synchronous and quick; a promise from it is refused and
 *   nothing is written. It may run again, when somebody removed the lock file meanwhile. What it throws takes its edits
 *   back and is what the call rejects with.
 * @param options - As for {@link setConfigValue}.
 * @returns What `change` returned, when its edits are on disk.
 * @throws as {@link setConfigValue}.
 * @example
 * const id = await updateConfig('state.toml', (transaction) => {
 *   const next = Number(transaction.get('last_id') ?? 0) + 1;
 *   transaction.set('last_id', next);
 *   return next;
 * });
 */
export async function updateConfig<R>(
  path: string | URL,
  change: (transaction: ConfigTransaction) => R extends PromiseLike<unknown> ? never : R,
  options?: WriteOptions,
): Promise<R> {
  const absolute = configPath(path);
  return transact<R>(() => absolute, change, options);
}

/** As {@link updateConfig}, but blocks the thread. Also throws LOCK_DEADLOCK where that could never end. */
export function updateConfigSync<R>(
  path: string | URL,
  change: (transaction: ConfigTransaction) => R,
  options?: WriteSyncOptions,
): R {
  const absolute = configPath(path);
  return transactSync(() => absolute, change, options);
}

/** The change that sets a key, checked now. */
export function settingOf(key: Key, value: TomlInput): (transaction: ConfigTransaction) => void {
  const parts = parseKey(key);
  // As it is now: the caller may change it before its turn comes.
  const input = copyInput(value);
  return (transaction) => transaction.set(asKey(parts), input);
}

/** The change that unsets a key, checked now. */
export function unsettingOf(key: Key): (transaction: ConfigTransaction) => boolean {
  const parts = parseKey(key);
  return (transaction) => transaction.unset(asKey(parts));
}

/**
 * Where there is no config nothing can be unset, and no lock file or directory is left for having tried; unless a call
 * of this thread that came before is about to make it.
 */
export function isAbsent(path: string | URL): boolean {
  const absolute = configPath(path);
  return !hasPendingCalls(absolute) && readFile(absolute) === undefined;
}

function asKey(parts: readonly string[]): Key {
  return parts as readonly [string, ...string[]];
}
