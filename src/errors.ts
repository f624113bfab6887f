/** The package's error classes and codes, and the types that the errors carry. */

/**
 * The `code` of an error from a lock call.
 *
 * - `LOCK_TIMEOUT`: timed out waiting for the lock.
 * - `LOCK_DEADLOCK`: the wait could never end. A synchronous one: its own thread holds the lock, and cannot release it while
 *   it blocks. An asynchronous one: its own thread holds the lock, and the event loop is empty, or a `withLock` call around
 *   it holds it.
 * - `LOCK_UNSUPPORTED`: the file system does not support locks.
 * - `LOCK_FILE_INVALID`: the path is empty, contains a NUL byte, or is not a regular file.
 * - `LOCK_IO`: a system call failed. `cause` is the system's error.
 * - `ADDON_LOAD`: the native addon cannot be loaded. The message gives the command that compiles it.
 */
export type LockErrorCode =
  | 'LOCK_TIMEOUT'
  | 'LOCK_DEADLOCK'
  | 'LOCK_UNSUPPORTED'
  | 'LOCK_FILE_INVALID'
  | 'LOCK_IO'
  | 'ADDON_LOAD';

/**
 * The `code` of an error from a config call. Calls that write also throw the {@link LockErrorCode}s.
 *
 * - `INVALID_KEY`: the key is not a TOML key path.
 * - `INVALID_VALUE`: TOML cannot represent the value, or an update function returned a promise.
 * - `KEY_CONFLICT`: the key leads through a value that is not a table, or into an array of tables, or the new value would
 *   replace a table.
 * - `CONFIG_PARSE`: the config is not valid TOML.
 * - `CONFIG_ENCODING`: the config is not UTF-8.
 * - `CONFIG_INVALID`: the config does not match the store's schema.
 * - `CONFIG_READ`, `CONFIG_WRITE`: the config cannot be read or written. `cause` is the system's error, if there is one. A
 *   write without permission is always CONFIG_WRITE, whatever it is that may not be read or written.
 * - `CONFIG_LIMIT`: the config or the value is nested too deeply, or has a number or string that is too long.
 */
export type ConfigErrorCode =
  | 'INVALID_KEY'
  | 'INVALID_VALUE'
  | 'KEY_CONFLICT'
  | 'CONFIG_PARSE'
  | 'CONFIG_ENCODING'
  | 'CONFIG_INVALID'
  | 'CONFIG_READ'
  | 'CONFIG_WRITE'
  | 'CONFIG_LIMIT';

/** Every `code` that a {@link ZjjError} can have. */
export type ErrorCode = LockErrorCode | ConfigErrorCode;

const brand = Symbol.for('zjj.error');

/** The optional properties of a {@link ZjjError}. */
export interface ZjjErrorOptions {
  /** The file that the error is about. */
  path?: string | undefined;
  /** The error that caused this one, such as a system error. */
  cause?: unknown;
}

/**
 * The base class of the package's errors. `code` is stable across versions. An argument of the wrong type or
 * range throws a TypeError or RangeError instead. `instanceof` also works for errors from another copy of the package in
 * the process, because it checks a brand instead of the prototype chain.
 *
 * @example
 * try {
 *   await setConfigValue('config.toml', 'port', 8080);
 * } catch (error) {
 *   if (error instanceof ZjjError && error.code === 'LOCK_TIMEOUT') retryLater();
 *   else throw error;
 * }
 */
export class ZjjError extends Error {
  static {
    ZjjError.prototype.name = 'ZjjError';
  }

  /** The kind of failure. Programs can rely on it; `message` is for people and may change. */
  readonly code: ErrorCode;
  /** The file that the error is about, if it is about a file. */
  readonly path: string | undefined;

  constructor(code: ErrorCode, message: string, { path, cause }: ZjjErrorOptions = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.path = path;
    // Not enumerable, so that it does not show when an error is printed or serialized.
    Object.defineProperty(this, brand, { value: this.name });
  }

  /** True for a ZjjError from any copy of the package. On a subclass, true only for errors of that subclass. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (typeof value !== 'object' || value === null) return false;
    const name: unknown = (value as Record<symbol, unknown>)[brand];
    const className: string = this.prototype.name;
    return typeof name === 'string' && (name === className || className === 'ZjjError');
  }
}

/** The record that an exclusive holder leaves in the lock file. It is for information only and may be out of date. */
export interface LockHolder {
  /** The holder's process id, on its own host and in its own PID namespace. */
  readonly pid: number;
  /** The holder's host name. */
  readonly host: string;
  /** Program and subcommand, never arguments: other users may be able to read the lock file. */
  readonly command: string;
  /** When the holder acquired the lock. */
  readonly since: Date;
  /**
   * Whether that process still exists. Undefined if the holder is on another host or, on Linux, in another PID namespace
   * (container). On Linux another process that has the number by now is not taken for it.
   */
  readonly alive: boolean | undefined;
}

/**
 * Timed out waiting for a lock: `code` is `LOCK_TIMEOUT`, `path` is the lock file.
 *
 * @example
 * try {
 *   await lock('build.lock', { timeout: 1000 });
 * } catch (error) {
 *   if (error instanceof LockTimeoutError) console.error(`Process ${error.holder?.pid} is still building.`);
 *   throw error;
 * }
 */
export class LockTimeoutError extends ZjjError {
  static {
    LockTimeoutError.prototype.name = 'LockTimeoutError';
  }

  declare readonly code: 'LOCK_TIMEOUT';
  /** How long the call waited, in milliseconds. */
  readonly timeout: number;
  /** The holder that the lock file names. Undefined if it names none: holders in shared mode leave no record. */
  readonly holder: LockHolder | undefined;

  constructor(message: string, options: { path: string; timeout: number; holder: LockHolder | undefined }) {
    super('LOCK_TIMEOUT', message, { path: options.path });
    this.timeout = options.timeout;
    this.holder = options.holder;
  }
}

interface PlacedErrorOptions extends ZjjErrorOptions {
  line: number;
  column: number;
}

/** An error at a place in a config's text. */
class PlacedError extends ZjjError {
  /** Counted from 1. */
  readonly line: number;
  /** Counted from 1, in UTF-16 code units. */
  readonly column: number;

  constructor(code: ErrorCode, message: string, options: PlacedErrorOptions) {
    super(code, message, options);
    this.line = options.line;
    this.column = options.column;
  }
}

/** The text is not valid TOML: `code` is `CONFIG_PARSE`. `line` and `column` give the position of the first error. */
export class ConfigParseError extends PlacedError {
  static {
    ConfigParseError.prototype.name = 'ConfigParseError';
  }

  declare readonly code: 'CONFIG_PARSE';

  constructor(message: string, options: PlacedErrorOptions) {
    super('CONFIG_PARSE', message, options);
  }
}

/** The file is not UTF-8: `code` is `CONFIG_ENCODING`. `line` and `column` give the position of the first wrong byte. */
export class ConfigEncodingError extends PlacedError {
  static {
    ConfigEncodingError.prototype.name = 'ConfigEncodingError';
  }

  declare readonly code: 'CONFIG_ENCODING';

  constructor(message: string, options: PlacedErrorOptions) {
    super('CONFIG_ENCODING', message, options);
  }
}

/** One problem that a schema found. */
export interface StandardIssue {
  readonly message: string;
  /**
   * The key with the problem, part by part; a number is an array index. Undefined or empty if the problem is with the
   * whole config.
   */
  readonly path?: readonly PropertyKey[] | undefined;
}

/**
 * The config does not match the store's schema: `code` is `CONFIG_INVALID`. A write throws this if it would make the
 * config invalid, and then writes nothing. The message names the file and the keys.
 */
export class ConfigInvalidError extends ZjjError {
  static {
    ConfigInvalidError.prototype.name = 'ConfigInvalidError';
  }

  declare readonly code: 'CONFIG_INVALID';
  /** The problems that the schema found. */
  readonly issues: readonly StandardIssue[];

  constructor(message: string, options: { path: string; issues: readonly StandardIssue[] }) {
    super('CONFIG_INVALID', message, { path: options.path });
    this.issues = options.issues;
  }
}
