import { throwIfAborted } from '../lock/internal.js';
import { copyInput, type Key, parseKey, type TomlInput } from '../toml/index.js';
import { readFile } from './file/read-file.js';
import { configPath } from './file/resolve.js';
import { asWriteFailure } from './file/write-denial.js';
import type { ConfigTransaction } from './transaction/merge-changes.js';
import { hasPendingCalls, transact, transactSync } from './transaction/transact.js';
import {
  checkWriteOptions,
  WRITE_OPTIONS,
  WRITE_SYNC_OPTIONS,
  type WriteOptions,
  type WriteSyncOptions,
} from './transaction/write-call.js';

/**
 * Sets one key. Any number of processes, threads and tasks can do so at once: each write is merged into what the others
 * have written, under a kernel lock on `<path>.lock`. Only the bytes of the value change; comments, order and layout
 * stay. Setting the value that is already stored writes nothing.
 *
 * @param path - The config file; created with its directory if it does not exist. A symbolic link stays a link.
 * @param key - A TOML key path (`server.port`, `a."b.c"`), or its parts as an array.
 * @param value - The value to store. An integral number stays a float if the file has a float there.
 * @param options - `timeout` in milliseconds (default: 5000 in which the lock does not change hands and its holder shows
 *   no sign of life, or 60,000 of one holder), `signal`, `onWait`, `fileMode`.
 * @returns Resolves when the value is in the file and on disk.
 * @throws ZjjError INVALID_KEY, INVALID_VALUE, KEY_CONFLICT (the key leads through a value, or would replace a table, or
 *   is in an array of tables), CONFIG_PARSE, CONFIG_ENCODING, CONFIG_LIMIT, CONFIG_READ, CONFIG_WRITE; LOCK_TIMEOUT and
 *   the other codes of `lock`; `signal.reason` if aborted. Whatever the error, the file is the old one or the new one,
 *   whole.
 * @example
 * await setConfigValue('config.toml', 'server.port', 8080);
 */
export async function setConfigValue(
  path: string | URL,
  key: Key,
  value: TomlInput,
  options?: WriteOptions,
): Promise<void> {
  await updateConfig(path, changeToSet(key, value), options);
}

/**
 * As {@link setConfigValue}, but blocks the thread. The calls that this thread has pending for the config are written and
 * settled first, so this form also works in an `exit` listener.
 *
 * @throws As {@link setConfigValue}, and ZjjError LOCK_DEADLOCK: this thread itself holds the lock on `<path>.lock`, or
 *   the call is made inside the change or the `onWait` of another call for the config.
 */
export function setConfigValueSync(path: string | URL, key: Key, value: TomlInput, options?: WriteSyncOptions): void {
  updateConfigSync(path, changeToSet(key, value), options);
}

/**
 * Removes one key and its line, or a table with all its contents.
 *
 * @param path - The config file.
 * @param key - A TOML key path, or its parts as an array.
 * @param options - As for {@link setConfigValue}.
 * @returns False if the key was not set.
 * @throws as {@link setConfigValue}.
 * @example
 * await unsetConfigValue('config.toml', 'server.port');
 */
export async function unsetConfigValue(path: string | URL, key: Key, options?: WriteOptions): Promise<boolean> {
  checkWriteOptions(options, WRITE_OPTIONS);
  throwIfAborted(options?.signal);
  const change = changeToUnset(key);
  return isAbsent(path) ? false : updateConfig(path, change, options);
}

/** As {@link unsetConfigValue}, but blocks the thread, and writes what is pending first: see {@link setConfigValueSync}. */
export function unsetConfigValueSync(path: string | URL, key: Key, options?: WriteSyncOptions): boolean {
  checkWriteOptions(options, WRITE_SYNC_OPTIONS);
  const change = changeToUnset(key);
  return isAbsent(path) ? false : updateConfigSync(path, change, options);
}

/**
 * Reads, decides and writes in one step. No other writer can come in between.
 *
 * @param path - The config file.
 * @param change - Runs while the lock is held, so it must be synchronous and quick. If it returns a promise, the call is
 *   refused and nothing is written. It may run again if somebody removed the lock file in the meantime. If it throws,
 *   its edits are undone and the call rejects with that error.
 * @param options - As for {@link setConfigValue}.
 * @returns What `change` returned, once its edits are on disk.
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
  checkWriteOptions(options, WRITE_OPTIONS);
  const absolute = configPath(path);
  return transact<R>(() => absolute, change, options);
}

/** As {@link updateConfig}, but blocks the thread, and writes what is pending first: see {@link setConfigValueSync}. */
export function updateConfigSync<R>(
  path: string | URL,
  change: (transaction: ConfigTransaction) => R,
  options?: WriteSyncOptions,
): R {
  checkWriteOptions(options, WRITE_SYNC_OPTIONS);
  const absolute = configPath(path);
  return transactSync(() => absolute, change, options);
}

/** The change that sets a key. Throws now if the key or the value is invalid. */
export function changeToSet(key: Key, value: TomlInput): (transaction: ConfigTransaction) => void {
  const parts = parseKey(key);
  // Copy now: the caller may modify the object before the change runs.
  const input = copyInput(value);
  return (transaction) => transaction.set(asKey(parts), input);
}

/** The change that unsets a key. Throws now if the key is invalid. */
export function changeToUnset(key: Key): (transaction: ConfigTransaction) => boolean {
  const parts = parseKey(key);
  return (transaction) => transaction.unset(asKey(parts));
}

/**
 * Tells whether there is no config, and no earlier call of this thread is about to create it. Then there is nothing to
 * unset, and the attempt must not leave a lock file or a directory behind.
 */
export function isAbsent(path: string | URL): boolean {
  const absolute = configPath(path);
  try {
    return !hasPendingCalls(absolute) && readFile(absolute) === undefined;
  } catch (error) {
    throw asWriteFailure(error);
  }
}

function asKey(parts: readonly string[]): Key {
  return parts as readonly [string, ...string[]];
}
