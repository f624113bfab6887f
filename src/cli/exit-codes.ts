import { type ErrorCode, ZjjError } from '../errors.js';

/** The exit statuses of the command. Scripts rely on them. */
export const exitCodes = {
  ok: 0,
  /** A key, a value or the config is invalid, or a key is missing. */
  invalid: 1,
  usage: 2,
  io: 3,
  internal: 4,
  lockTimeout: 5,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** An error of the command itself, not of the store. */
export class CommandError extends Error {
  constructor(
    readonly code: 'USAGE' | 'KEY_NOT_FOUND' | 'INTERRUPTED',
    readonly exitCode: ExitCode,
    message: string,
  ) {
    super(message);
  }
}

/** The arguments do not fit the command's synopsis. */
export class UsageError extends CommandError {
  constructor(message: string) {
    super('USAGE', exitCodes.usage, message);
  }
}

/** The key to show or to remove does not exist. */
export function keyNotFound(key: string): CommandError {
  const message = `Config key '${key}' not found. Use 'zjj config' to see all keys.`;
  return new CommandError('KEY_NOT_FOUND', exitCodes.invalid, message);
}

/** The key to remove is not in the file that would be written, but in another file that reads merge. */
export function keyElsewhere(key: string, path: string, other: string): CommandError {
  const message =
    `Config key '${key}' not found in ${path}. ` + `It is set in ${other}: use --file or --global to change it there.`;
  return new CommandError('KEY_NOT_FOUND', exitCodes.invalid, message);
}

/** How the command reports an error, and its exit status. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly exitCode: ExitCode;
}

const exitCodeOf: Readonly<Record<ErrorCode, ExitCode>> = {
  INVALID_KEY: exitCodes.invalid,
  INVALID_VALUE: exitCodes.invalid,
  KEY_CONFLICT: exitCodes.invalid,
  CONFIG_PARSE: exitCodes.invalid,
  CONFIG_ENCODING: exitCodes.invalid,
  CONFIG_INVALID: exitCodes.invalid,
  CONFIG_LIMIT: exitCodes.invalid,
  CONFIG_READ: exitCodes.io,
  CONFIG_WRITE: exitCodes.io,
  LOCK_IO: exitCodes.io,
  LOCK_FILE_INVALID: exitCodes.io,
  LOCK_UNSUPPORTED: exitCodes.io,
  ADDON_LOAD: exitCodes.io,
  LOCK_TIMEOUT: exitCodes.lockTimeout,
  // The command takes one lock, so only a bug can make it deadlock.
  LOCK_DEADLOCK: exitCodes.internal,
};

/** How to report anything that was thrown. */
export function failureOf(error: unknown): Failure {
  if (error instanceof CommandError) return error;
  if (error instanceof ZjjError) {
    return { code: error.code, message: error.message, exitCode: exitCodeOf[error.code] };
  }
  if (isSystemError(error)) return { code: 'IO', message: error.message, exitCode: exitCodes.io };
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code: 'INTERNAL', message: `Internal error: ${detail}`, exitCode: exitCodes.internal };
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}
