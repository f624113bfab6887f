import { ZjjError } from '../../errors.js';
import { errnoName } from '../../lock/internal.js';

/** Plainer words for common system errors. */
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
  ESTALE: 'stale file handle',
};

export function readError(path: string, cause: unknown): ZjjError {
  return configError('CONFIG_READ', `Cannot read ${path}`, path, cause);
}

export function writeError(path: string, cause: unknown): ZjjError {
  return configError('CONFIG_WRITE', `Cannot write ${path}`, path, cause);
}

/** The new file is in place and whole, but it may not survive a power loss. */
export function notDurableError(path: string, cause: unknown): ZjjError {
  return configError('CONFIG_WRITE', `${path} is written, but may not survive a power loss`, path, cause);
}

/** For EBUSY from rename(2) only: other system calls report EBUSY for other reasons. */
export function mountPointError(path: string, cause: unknown): ZjjError {
  const message = `Cannot write ${path}: it is a mount point; mount its directory instead (EBUSY)`;
  return new ZjjError('CONFIG_WRITE', message, { path, cause });
}

/** The name of a system error. libuv has none for some, such as ESTALE and EDQUOT: UNKNOWN, or a sentence. */
export function codeOf(error: unknown): string | undefined {
  const { code, errno } = (error ?? {}) as NodeJS.ErrnoException;
  return errno !== undefined && /^unknown/i.test(code ?? '') ? (errnoName(errno) ?? code) : code;
}

/** True if the caller may not read or write a directory. Then no process with the same rights created anything in it. */
export function isPermissionError(error: unknown): boolean {
  return codeOf(error) === 'EACCES' || codeOf(error) === 'EPERM' || codeOf(error) === 'EROFS';
}

function configError(code: 'CONFIG_READ' | 'CONFIG_WRITE', failure: string, path: string, cause: unknown): ZjjError {
  if (codeOf(cause) !== undefined) Object.assign(cause as Error, { code: codeOf(cause) });
  return new ZjjError(code, `${failure}: ${reasonOf(cause)}`, { path, cause });
}

/** Plain words for a system error, with its code. */
export function reasonOf(cause: unknown): string {
  const code = codeOf(cause);
  // Not instanceof: with Jest, errors of Node.js are those of another realm.
  const message = (cause as Partial<Error> | undefined)?.message ?? String(cause);
  if (code === undefined) return message;
  const reason = REASONS[code];
  return reason === undefined ? message : `${reason} (${code})`;
}
