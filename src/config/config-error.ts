import { ZjjError } from '../errors.js';

/** The system's reasons that deserve a plainer word than its own. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EDQUOT: 'disk quota exceeded',
  EISDIR: 'it is a directory',
  ELOOP: 'too many symbolic links',
  ENOENT: 'no such file or directory',
  ENOSPC: 'no space left on the device',
  ENOTDIR: 'a part of its path is not a directory',
  EPERM: 'operation not permitted',
  EROFS: 'read-only file system',
};

export function readError(path: string, cause: unknown): ZjjError {
  return new ZjjError('CONFIG_READ', `Cannot read ${path}: ${reasonOf(cause)}`, { path, cause });
}

export function writeError(path: string, cause: unknown): ZjjError {
  return new ZjjError('CONFIG_WRITE', `Cannot write ${path}: ${reasonOf(cause)}`, { path, cause });
}

/** The file is the new one, whole; only that it would survive a loss of power is not known. */
export function notDurableError(path: string, cause: unknown): ZjjError {
  const message = `Cannot make sure that ${path} is on disk: ${reasonOf(cause)}`;
  return new ZjjError('CONFIG_WRITE', message, { path, cause });
}

/** What cannot be replaced because something is mounted there; other calls have other reasons to be busy. */
export function mountPointError(path: string, cause: unknown): ZjjError {
  const message = `Cannot write ${path}: it is a mount point; mount its directory instead (EBUSY)`;
  return new ZjjError('CONFIG_WRITE', message, { path, cause });
}

export function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code;
}

function reasonOf(cause: unknown): string {
  const code = codeOf(cause);
  const message = cause instanceof Error ? cause.message : String(cause);
  if (code === undefined) return message;
  const reason = REASONS[code];
  return reason === undefined ? message : `${reason} (${code})`;
}
