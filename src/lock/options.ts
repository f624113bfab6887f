import { fileURLToPath } from 'node:url';
import { type ErrorCode, type LockHolder, ZjjError } from '../errors.js';

export type LockMode = 'exclusive' | 'shared';

export interface WaitOptions {
  /**
   * Milliseconds for everything: queue, kernel, retries. 0 tries once; Infinity waits for ever. NaN or negative:
   * RangeError. Default: Infinity for locks, as flock(1) and Web Locks; for the store 5000 without progress.
   */
  timeout?: number | undefined;
  /** Ends the wait; the promise rejects with `signal.reason`. */
  signal?: AbortSignal | undefined;
  /** Called once, when the first try failed. */
  onWait?: ((holder: LockHolder | undefined) => void) | undefined;
}

export interface LockOptions extends WaitOptions {
  /** Default 'exclusive'. */
  mode?: LockMode | undefined;
  /** Permissions of a lock file that this call creates, less the umask. Default 0o666. */
  fileMode?: number | undefined;
  /** false: a pending wait does not keep the process alive. Default true. */
  keepAlive?: boolean | undefined;
}

export type LockSyncOptions = Omit<LockOptions, 'signal' | 'keepAlive'>;
export type TryLockOptions = Pick<LockOptions, 'mode' | 'fileMode'>;

/**
 * The path as given, made absolute. Nothing in it is normalized: `link/../file` names another file to the kernel than to
 * path.resolve. Absolute, because the directory may change while a call waits.
 */
export function absolutePath(path: string | URL, code: ErrorCode = 'LOCK_FILE_INVALID'): string {
  const text = path instanceof URL ? fileURLToPath(path) : path;
  if (typeof text !== 'string') throw new TypeError(`path must be a string or URL, not ${typeof text}`);
  if (text === '') throw new ZjjError(code, 'The path is empty', { path: text });
  if (text.includes('\0')) throw new ZjjError(code, 'The path contains a NUL byte', { path: text });
  if (process.platform === 'win32') return windowsAbsolute(text);
  return text.startsWith('/') ? text : `${process.cwd()}/${text}`;
}

function windowsAbsolute(text: string): string {
  if (/^(?:[A-Za-z]:[\\/]|[\\/]{2})/.test(text)) return text;
  const directory = process.cwd();
  // `\x` is on the current drive; `C:x` is left to the system, which knows that drive's own directory.
  if (/^[\\/]/.test(text)) return directory.slice(0, 2) + text;
  return /^[A-Za-z]:/.test(text) ? text : `${directory}\\${text}`;
}

export function checkTimeout(timeout: number): number {
  if (typeof timeout !== 'number')
    throw new TypeError(`timeout must be a number of milliseconds, not ${typeof timeout}`);
  if (Number.isNaN(timeout) || timeout < 0) {
    throw new RangeError(`timeout must be 0 or more milliseconds, not ${timeout}`);
  }
  return timeout;
}

export function checkFileMode(fileMode: number): number {
  if (!Number.isInteger(fileMode) || fileMode < 0 || fileMode > 0o777) {
    throw new RangeError(`fileMode must be permission bits from 0 to 0o777, not ${fileMode}`);
  }
  return fileMode;
}

export function checkMode(mode: string): LockMode {
  if (mode !== 'exclusive' && mode !== 'shared') {
    throw new TypeError(`mode must be 'exclusive' or 'shared', not ${JSON.stringify(mode)}`);
  }
  return mode;
}
