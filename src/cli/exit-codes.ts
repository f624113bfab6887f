import { type ErrorCode, ZjjError } from '../errors.js';

/** The exit statuses of the command; scripts rely on them. */
export const exitCodes = {
  ok: 0,
  /** A key or value, or the config itself, is not as it must be. */
  invalid: 1,
  usage: 2,
  io: 3,
  internal: 4,
  lockTimeout: 5,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** What is wrong with the call itself and not with a file: reported as other errors are. */
export class CommandError extends Error {
  constructor(
    readonly code: 'USAGE' | 'KEY_NOT_FOUND' | 'INTERRUPTED',
    readonly exitCode: ExitCode,
    message: string,
  ) {
    super(message);
  }
}

/** A call that does not fit the command's synopsis. */
export class UsageError extends CommandError {
  constructor(message: string) {
    super('USAGE', exitCodes.usage, message);
  }
}

/** A key to show or to remove that is not there. */
export function keyNotFound(key: string): CommandError {
  const message = `Config key '${key}' not found. Use 'zjj config' to see all keys.`;
  return new CommandError('KEY_NOT_FOUND', exitCodes.invalid, message);
}

/** A key that is not in the file that is written, but in another one that is read. */
export function keyElsewhere(key: string, path: string, other: string): CommandError {
  const message = `Config key '${key}' not found in ${path}. It is set in ${other}: use --file or --global for that one.`;
  return new CommandError('KEY_NOT_FOUND', exitCodes.invalid, message);
}

/** What the command says of an error, and the status that it exits with. */
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
  // The command takes one lock, so only a bug can make it wait for itself.
  LOCK_DEADLOCK: exitCodes.internal,
};

/** Tells what to say of anything that was thrown. */
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
