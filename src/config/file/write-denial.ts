import { accessSync, constants, lstatSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { ZjjError } from '../../errors.js';
import { addon, systemError } from '../../lock/internal.js';
import { codeOf, isPermissionError, reasonOf, writeError } from './config-error.js';

const LOCK_SUFFIX = '.lock';
const STICKY = 0o1000;

/**
 * Checks that this user may write a config that is about to be replaced. A rename would replace a read-only file too: it
 * asks for permission to write the directory only. Root may write any file, unless it is immutable.
 *
 * @param path - The config, resolved.
 * @throws ZjjError CONFIG_WRITE, with the file's mode and owner.
 */
export function checkWritable(path: string, stats: Stats): void {
  if (!stats.isFile()) throw notRegularError(path);
  const cause = writeFailureOf(path);
  if (!isPermissionError(cause)) return;
  // access(2): EPERM is the answer for the immutable flag only.
  if (codeOf(cause) === 'EPERM') throw denial(path, 'it is immutable (EPERM)', cause);
  throw denial(path, reasonOf(cause) + describeAccess(path, cause), cause);
}

/** The config is a device such as `/dev/null`, which reads as empty. */
export function notRegularError(path: string): ZjjError {
  return denial(path, 'it is not a regular file', undefined);
}

/** A system call failed that creates, renames or lists files in the config's directory. */
export function directoryError(path: string, cause: unknown, directory = dirname(path)): ZjjError {
  if (!isPermissionError(cause) || codeOf(cause) === 'EROFS') return writeError(path, cause);
  const reason = isKeptBySticky(path, directory, cause)
    ? `its directory ${directory} is sticky, so only the owner of the file or of the directory may replace it (EPERM)`
    : `${reasonOf(cause)} in the directory ${directory}${describeAccess(directory, cause)}`;
  return denial(path, reason, cause);
}

/**
 * The error of a write that failed before or outside its own steps. A write that lacks a permission fails with
 * CONFIG_WRITE, whichever system call said so: a person knows the config and its directory, and not the lock file.
 *
 * @returns Anything else unchanged.
 */
export function asWriteFailure(error: unknown): unknown {
  if (!(error instanceof ZjjError) || error.path === undefined) return error;
  const { code, path, cause } = error;
  if (code === 'CONFIG_READ' && isPermissionError(cause)) {
    return denial(path, reasonOf(cause) + describeAccess(path, cause), cause);
  }
  if (code !== 'LOCK_IO' || !path.endsWith(LOCK_SUFFIX)) return error;
  const config = path.slice(0, -LOCK_SUFFIX.length);
  if (codeOf(cause) === 'ENAMETOOLONG') {
    return denial(config, 'the name of its lock file would be too long (ENAMETOOLONG)', cause);
  }
  if (!isPermissionError(cause)) return error;
  if (codeOf(cause) === 'EROFS' || !isThere(path)) return directoryError(config, cause);
  return denial(config, `${reasonOf(cause)} for its lock file ${path}${describeAccess(path, cause)}`, cause);
}

function denial(path: string, reason: string, cause: unknown): ZjjError {
  return new ZjjError('CONFIG_WRITE', `Cannot write ${path}: ${reason}`, { path, cause });
}

/** Why the effective user may not write a file; undefined if it may. */
function writeFailureOf(path: string): NodeJS.ErrnoException | undefined {
  const { checkWrite } = addon();
  if (checkWrite !== undefined) {
    const errno = checkWrite(path);
    return errno === 0 ? undefined : systemError(path, { errno, syscall: 'access' });
  }
  try {
    accessSync(path, constants.W_OK);
    return undefined;
  } catch (error) {
    return error as NodeJS.ErrnoException;
  }
}

/** Says who may do what with a file, for a person who wants to change that. */
function describeAccess(path: string, cause: unknown): string {
  const isByMode = process.platform !== 'win32' && codeOf(cause) !== 'EROFS';
  const stats = isByMode ? statIfThere(path) : undefined;
  if (stats === undefined) return '';
  const owner = stats.uid === process.geteuid?.() ? 'this user' : `uid ${stats.uid}`;
  return `: its mode is ${(stats.mode & 0o7777).toString(8).padStart(4, '0')}, its owner is ${owner}`;
}

/** In a sticky directory, such as /tmp, only some users may rename or remove a file: see unlink(2), EPERM. */
function isKeptBySticky(path: string, directory: string, cause: unknown): boolean {
  const stats = codeOf(cause) === 'EPERM' ? statIfThere(directory) : undefined;
  if (stats === undefined || (stats.mode & STICKY) === 0) return false;
  const user = process.geteuid?.();
  return user !== stats.uid && user !== statIfThere(path)?.uid;
}

function isThere(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

function statIfThere(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}
