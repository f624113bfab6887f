import { fileURLToPath } from 'node:url';
import { type ErrorCode, type LockHolder, ZjjError } from '../errors.js';
import type { LockMode } from './binding/addon.js';

export type { LockMode };

/** Options of every call that can wait for a lock. */
export interface WaitOptions {
  /**
   * The longest time to wait, in milliseconds. It covers the queue, the kernel and all retries. 0 tries once: a write of
   * the store then still waits for the transaction that its own thread runs on that config. Infinity waits forever. NaN
   * and negative numbers throw a RangeError. Default: Infinity for locks, as in flock(1) and Web Locks. The config store's
   * default is 5000 ms without a sign of life.
   */
  timeout?: number | undefined;
  /** Aborts the wait. The promise rejects with `signal.reason`. */
  signal?: AbortSignal | undefined;
  /**
   * Called once if the first try fails, before the wait. It gets the holder that the lock file names, or undefined if
   * the file names none: holders in shared mode leave no record.
   */
  onWait?: ((holder: LockHolder | undefined) => void) | undefined;
}

/** Options of `lock` and `withLock`. */
export interface LockOptions extends WaitOptions {
  /**
   * `exclusive` allows one holder at a time. `shared` allows any number of shared holders, but no exclusive one.
   * Default: `exclusive`.
   */
  mode?: LockMode | undefined;
  /** The permission bits of the lock file, if this call creates it. The umask applies. Default: 0o666. */
  fileMode?: number | undefined;
  /** False lets the process exit while this call waits. Default: true. */
  keepAlive?: boolean | undefined;
}

/** Options of `lockSync`. */
export type LockSyncOptions = Omit<LockOptions, 'signal' | 'keepAlive'>;
/** Options of `tryLock`. */
export type TryLockOptions = Pick<LockOptions, 'mode' | 'fileMode'>;

/**
 * Makes a path absolute, because the current directory may change while a call waits. Does not normalize it: if
 * `link` is a symbolic link, path.resolve turns `link/../file` into the path of another file.
 *
 * @param code - The code of the error that is thrown for an invalid path.
 * @throws ZjjError `code`: the path is empty, contains a NUL byte, is the text of a URL, or begins with `~/`. TypeError: it
 *   is not a string or a URL of a file.
 */
export function absolutePath(path: string | URL, code: ErrorCode = 'LOCK_FILE_INVALID'): string {
  const text = isUrl(path) ? fileURLToPath(path.href) : path;
  if (typeof text !== 'string') throw new TypeError(`path must be a string or URL, not ${typeName(text)}`);
  if (text === '') throw new ZjjError(code, 'The path is empty', { path: text });
  if (text.includes('\0')) throw new ZjjError(code, 'The path contains a NUL byte', { path: text });
  if (!isUrl(path)) checkIsPath(text, code);
  if (process.platform === 'win32') return windowsAbsolute(text);
  return text.startsWith('/') ? text : `${process.cwd()}/${text}`;
}

/** Not instanceof: the URL may be one of jsdom's, or of another realm. */
function isUrl(path: string | URL): path is URL {
  return typeof path === 'object' && typeof path?.href === 'string' && typeof path.protocol === 'string';
}

/** Refuses text that names a file by other rules than a path's. As a path it would make directories `file:` and `~`. */
function checkIsPath(text: string, code: ErrorCode): void {
  // Two letters at least: `C://x` is a path on Windows.
  if (/^[A-Za-z][A-Za-z0-9+.-]+:\/\//.test(text)) {
    throw new ZjjError(code, `'${text}' is a URL, not a path. Pass a URL object, or the path of the file`, {
      path: text,
    });
  }
  if (/^~(?:\/|$)/.test(text) || (process.platform === 'win32' && text.startsWith('~\\'))) {
    const message = `'${text}' begins with ~, which only a shell expands. Expand it with os.homedir(), or write ./~`;
    throw new ZjjError(code, message, { path: text });
  }
}

function windowsAbsolute(text: string): string {
  if (/^(?:[A-Za-z]:[\\/]|[\\/]{2})/.test(text)) return text;
  const directory = process.cwd();
  // `\x` is on the current drive. `C:x` stays as it is: the system knows the current directory of that drive.
  if (/^[\\/]/.test(text)) return directory.slice(0, 2) + text;
  return /^[A-Za-z]:/.test(text) ? text : `${directory}\\${text}`;
}

/** The names of the options of a call. */
export type OptionNames = ReadonlySet<string>;

export const LOCK_SYNC_OPTIONS: OptionNames = new Set(['mode', 'timeout', 'onWait', 'fileMode']);
export const LOCK_OPTIONS: OptionNames = new Set([...LOCK_SYNC_OPTIONS, 'signal', 'keepAlive']);
export const TRY_LOCK_OPTIONS: OptionNames = new Set(['mode', 'fileMode']);

function typeName(value: unknown): string {
  return value === null ? 'null' : typeof value;
}

/** @throws TypeError: `options` is not an object, or has an option that the call does not take. */
export function checkOptions(options: unknown, names: OptionNames): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`options must be an object, not ${typeName(options)}`);
  }
  for (const name of Object.keys(options)) {
    if (!names.has(name)) throw new TypeError(`Unknown option '${name}'. This call takes ${[...names].join(', ')}`);
  }
}

/** @throws TypeError: an option is defined and is not a function. */
export function checkFunction(value: unknown, name: string): void {
  if (value !== undefined && typeof value !== 'function') {
    throw new TypeError(`${name} must be a function, not ${typeName(value)}`);
  }
}

export function checkKeepAlive(keepAlive: unknown): boolean {
  if (typeof keepAlive !== 'boolean')
    throw new TypeError(`keepAlive must be true or false, not ${typeName(keepAlive)}`);
  return keepAlive;
}

export function checkTimeout(timeout: number): number {
  if (typeof timeout !== 'number')
    throw new TypeError(`timeout must be a number of milliseconds, not ${typeName(timeout)}`);
  if (Number.isNaN(timeout) || timeout < 0) {
    throw new RangeError(`timeout must be 0 or more milliseconds, not ${timeout}`);
  }
  return timeout;
}

export function checkFileMode(fileMode: number): number {
  if (typeof fileMode !== 'number') {
    throw new TypeError(`fileMode must be a number, not ${typeName(fileMode)}`);
  }
  if (!Number.isInteger(fileMode) || fileMode < 0 || fileMode > 0o777) {
    throw new RangeError(`fileMode must be permission bits from 0 to 0o777, not ${fileMode}`);
  }
  return fileMode;
}

export function checkMode(mode: string): LockMode {
  if (mode !== 'exclusive' && mode !== 'shared') {
    throw new TypeError(
      `mode must be 'exclusive' or 'shared', not ${typeof mode === 'string' ? JSON.stringify(mode) : typeName(mode)}`,
    );
  }
  return mode;
}
