/** What a failed lock call reports; see the docstring of each function for which of them it throws. */
export type LockErrorCode =
  | 'LOCK_TIMEOUT'
  | 'LOCK_DEADLOCK'
  | 'LOCK_UNSUPPORTED'
  | 'LOCK_FILE_INVALID'
  | 'LOCK_IO'
  | 'ADDON_LOAD';

/** What a failed config call reports. */
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

export type ErrorCode = LockErrorCode | ConfigErrorCode;

const brand = Symbol.for('zjj.error');

export interface ZjjErrorOptions {
  /** The file that the error is about. */
  path?: string | undefined;
  /** The error of the system, or of the caller's own function, that caused this one. */
  cause?: unknown;
}

/**
 * Every error that the package throws. `code` is stable and holds across copies of the package; so does
 * `instanceof`, which looks for a brand and not for the class.
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

  readonly code: ErrorCode;
  readonly path: string | undefined;

  constructor(code: ErrorCode, message: string, { path, cause }: ZjjErrorOptions = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.path = path;
    // Not enumerable: it must not show where an error is printed or serialized.
    Object.defineProperty(this, brand, { value: this.name });
  }

  /** True for a ZjjError of any copy of the package; asked of a subclass, for that subclass of any copy. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (typeof value !== 'object' || value === null) return false;
    const name: unknown = (value as Record<symbol, unknown>)[brand];
    const asked: string = this.prototype.name;
    return typeof name === 'string' && (name === asked || asked === 'ZjjError');
  }
}

/** What the exclusive holder wrote into the lock file: a courtesy, possibly stale. */
export interface LockHolder {
  readonly pid: number;
  readonly host: string;
  /** Program and subcommand, never arguments: the lock file can be read by many. */
  readonly command: string;
  readonly since: Date;
  /** false: no such process on this host; undefined: another host, cannot tell. */
  readonly alive: boolean | undefined;
}

/** The lock was not had in time. `holder` is what its holder wrote into the lock file, if it could be read. */
export class LockTimeoutError extends ZjjError {
  static {
    LockTimeoutError.prototype.name = 'LockTimeoutError';
  }

  declare readonly code: 'LOCK_TIMEOUT';
  /** Milliseconds that were waited. */
  readonly timeout: number;
  readonly holder: LockHolder | undefined;

  constructor(message: string, options: { path: string; timeout: number; holder: LockHolder | undefined }) {
    super('LOCK_TIMEOUT', message, { path: options.path });
    this.timeout = options.timeout;
    this.holder = options.holder;
  }
}

/** The text is not TOML; `line` and `column` say where. */
export class ConfigParseError extends ZjjError {
  static {
    ConfigParseError.prototype.name = 'ConfigParseError';
  }

  declare readonly code: 'CONFIG_PARSE';
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 code units. */
  readonly column: number;

  constructor(message: string, options: { path?: string | undefined; line: number; column: number; cause?: unknown }) {
    super('CONFIG_PARSE', message, options);
    this.line = options.line;
    this.column = options.column;
  }
}

/** One thing that a schema found wrong. */
export interface StandardIssue {
  readonly message: string;
  /** The key that it is about, part by part; a number is a place in an array. Undefined or empty: the whole config. */
  readonly path?: readonly PropertyKey[] | undefined;
}

/**
 * The config is not what the store's schema asks for, or would not be after a write, which then wrote nothing. The
 * message names the file and the keys.
 */
export class ConfigInvalidError extends ZjjError {
  static {
    ConfigInvalidError.prototype.name = 'ConfigInvalidError';
  }

  declare readonly code: 'CONFIG_INVALID';
  /** What the schema found, each with a message and the key that it is about. */
  readonly issues: readonly StandardIssue[];

  constructor(message: string, options: { path: string; issues: readonly StandardIssue[] }) {
    super('CONFIG_INVALID', message, { path: options.path });
    this.issues = options.issues;
  }
}
