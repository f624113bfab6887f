import { existsSync, fsyncSync, mkdirSync, openSync, readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, isAbsolute } from 'node:path';
import { closeQuietly } from './close-quietly.js';
import { codeOf, readError, writeError } from './config-error.js';

/** What Linux allows (path_resolution(7)). */
export const MAX_LINKS = 40;

/**
 * The real file behind a path, so that every name of a config leads to one lock and a symbolic link stays one. What does
 * not exist yet resolves to where it will be created.
 *
 * The path goes to the kernel as it is: `link/../c.toml` is another file to path.resolve.
 *
 * @throws ZjjError CONFIG_READ
 */
export function resolveConfig(path: string): string {
  try {
    return realpathSync.native(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw readError(path, error);
  }
  const target = endOfLinks(path);
  try {
    return join(realpathSync.native(dirname(target)), basename(target));
  } catch (error) {
    throw readError(path, error);
  }
}

/**
 * As {@link resolveConfig}, but creates the directory of the config where it is missing.
 *
 * @throws ZjjError CONFIG_READ, CONFIG_WRITE
 */
export function resolveForWriting(path: string): string {
  try {
    return resolveConfig(path);
  } catch (error) {
    if (codeOf((error as Error).cause) !== 'ENOENT') throw error;
  }
  const target = endOfLinks(path);
  try {
    makeDirectory(dirname(target));
  } catch (error) {
    throw writeError(path, error);
  }
  return resolveConfig(path);
}

/**
 * Whether a path still leads to the real file that it led to before the lock was held: a link may have been changed, or
 * another file be the config, meanwhile.
 *
 * @param real - What {@link resolveForWriting} said.
 * @throws ZjjError as {@link resolveForWriting}
 */
export function isStillAt(real: string, path: string): boolean {
  // No link led there. One put in the file's place since is not the file that was read, which the commit sees; one put
  // in a directory's place leads to another lock file, if any.
  return path === real || resolveForWriting(path) === real;
}

/** Where a chain of links ends that leads to nothing. */
function endOfLinks(path: string): string {
  try {
    const target = followLinks(path);
    // Only a directory can be named so; without this a file of that name would be made.
    if (target.endsWith('/')) throw systemError('ENOENT', target);
    return target;
  } catch (error) {
    throw readError(path, error);
  }
}

function followLinks(path: string): string {
  let current = path;
  for (let links = 0; links < MAX_LINKS; links++) {
    let target: string;
    try {
      target = readlinkSync(current);
    } catch (error) {
      if (codeOf(error) === 'EINVAL' || codeOf(error) === 'ENOENT') return current;
      // Not to be taken for the end: a file would be made in the place of the link.
      throw error;
    }
    current = isAbsolute(target) ? target : join(dirname(current), target);
  }
  throw systemError('ELOOP', path);
}

/** Makes a directory and those above it, each durable before anything is in it: its name is in the directory above. */
function makeDirectory(directory: string): void {
  const parent = dirname(directory);
  if (parent === directory) return;
  if (existsSync(parent)) syncNameOf(parent);
  else makeDirectory(parent);
  makeIfMissing(directory);
  syncDirectory(parent);
}

/**
 * Makes a directory's own name durable, before something is made in it: who made it may not have come so far, and who
 * finds something in it relies on it.
 */
function syncNameOf(directory: string): void {
  try {
    // As the kernel understands it, whatever links led here.
    syncDirectory(join(directory, '..'));
  } catch (error) {
    if (!isOthersPlace(error)) throw error;
  }
}

function systemError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}, '${path}'`), { code });
}

function makeIfMissing(directory: string): void {
  try {
    mkdirSync(directory);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}

/** Makes the names in a directory durable. Not on Windows, where the system keeps that to itself. */
export function syncDirectory(directory: string): void {
  if (process.platform === 'win32') return;
  const fd = openSync(directory, 'r');
  try {
    fsyncSync(fd);
  } catch (error) {
    if (!cannotSync(error)) throw error;
  } finally {
    closeQuietly(fd);
  }
}

/** Whether a directory may not be read or not be written: what is in it was not made by one like us. */
export function isOthersPlace(error: unknown): boolean {
  return codeOf(error) === 'EACCES' || codeOf(error) === 'EPERM' || codeOf(error) === 'EROFS';
}

/** Whether an fsync failed because the file system has none for this kind of file, which is nobody's fault. */
export function cannotSync(error: unknown): boolean {
  return codeOf(error) === 'EINVAL' || codeOf(error) === 'ENOTSUP' || codeOf(error) === 'EOPNOTSUPP';
}

/** Not path.join, which normalizes. */
function join(directory: string, name: string): string {
  return directory.endsWith('/') ? directory + name : `${directory}/${name}`;
}
