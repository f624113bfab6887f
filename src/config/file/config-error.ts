import { constants } from 'node:os';
import { ZjjError } from '../../errors.js';

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
  return configError('CONFIG_READ', `Cannot read ${path}`, path, cause);
}

export function writeError(path: string, cause: unknown): ZjjError {
  return configError('CONFIG_WRITE', `Cannot write ${path}`, path, cause);
}

/** The file is the new one, whole; only that it would survive a loss of power is not known. */
export function notDurableError(path: string, cause: unknown): ZjjError {
  return configError('CONFIG_WRITE', `Cannot make sure that ${path} is on disk`, path, cause);
}

/** Of a rename alone: other calls have other reasons to be busy. */
export function mountPointError(path: string, cause: unknown): ZjjError {
  const message = `Cannot write ${path}: it is a mount point; mount its directory instead (EBUSY)`;
  return new ZjjError('CONFIG_WRITE', message, { path, cause });
}

export function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code;
}

function configError(code: 'CONFIG_READ' | 'CONFIG_WRITE', failure: string, path: string, cause: unknown): ZjjError {
  nameCode(cause);
  return new ZjjError(code, `${failure}: ${reasonOf(cause)}`, { path, cause });
}

/** libuv has no name for some errors, that of a full quota among them: their code is UNKNOWN, or a sentence. */
function nameCode(cause: unknown): void {
  const { code, errno } = (cause ?? {}) as NodeJS.ErrnoException;
  if (errno === undefined || !/^unknown/i.test(code ?? '')) return;
  const name = Object.entries(constants.errno).find(([, number]) => number === -errno)?.[0];
  if (name !== undefined) Object.assign(cause as Error, { code: name });
}

function reasonOf(cause: unknown): string {
  const code = codeOf(cause);
  const message = cause instanceof Error ? cause.message : String(cause);
  if (code === undefined) return message;
  const reason = REASONS[code];
  return reason === undefined ? message : `${reason} (${code})`;
}
