// This folder works with a config's path and bytes: it resolves, reads, replaces and sweeps.

import { existsSync, mkdirSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { absolutePath, systemError } from '../../lock/internal.js';
import { codeOf, readError } from './config-error.js';
import { lookAgainIfStale } from './stale-name.js';
import { walkPath } from './walk-path.js';
import { directoryError } from './write-denial.js';

/** How often to look again at a path whose file is replaced while it is resolved. Other writers do that all the time. */
const MAX_ROUNDS = 100;

/**
 * Makes a config's path absolute and leaves it otherwise unchanged.
 *
 * @throws ZjjError CONFIG_READ: the path is empty, contains a NUL byte, is the text of a URL, or begins with `~/`.
 *   TypeError: it is neither a string nor a URL of a file.
 */
export function configPath(path: string | URL): string {
  return absolutePath(path, 'CONFIG_READ');
}

/**
 * Resolves a path to the real file, so that all names of a config use the same lock and a symbolic link stays a link. A
 * config that does not exist yet resolves to the path where it will be created.
 *
 * The path goes to the kernel unchanged: path.resolve would turn `link/../c.toml` into another file.
 *
 * realpath(3) reads links itself, and so follows some that the kernel refuses: those of other users in a sticky directory
 * (fs.protected_symlinks in proc_sys_fs(5)), and all on a mount with `nosymfollow`. So the kernel is asked as well.
 *
 * @throws ZjjError CONFIG_READ
 */
export function resolveConfig(path: string): string {
  try {
    for (let round = 0; ; round++) {
      const { dev, ino } = statSync(path, { bigint: true });
      const real = lookAgainIfStale(() => realpathSync.native(path));
      if (real === path) return real;
      const there = statSync(real, { bigint: true });
      // Another file: somebody has changed the path in between, perhaps to a link that the kernel would not follow.
      if (there.dev === dev && there.ino === ino) return real;
      if (round === MAX_ROUNDS) throw systemError(path, { code: 'ELOOP', syscall: 'stat' });
    }
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw readError(path, error);
  }
  const target = endOfLinks(path);
  if (target !== path) checkIsMissing(path);
  try {
    const directory = lookAgainIfStale(() => realpathSync.native(dirname(target)));
    return join(directory, basename(target));
  } catch (error) {
    throw readError(path, error);
  }
}

/**
 * As {@link resolveConfig}, but creates the config's directory if it is missing.
 *
 * @param fileMode - The permission bits of a config that would be created. A new directory denies others likewise.
 * @throws ZjjError CONFIG_READ, CONFIG_WRITE
 */
export function resolveForWriting(path: string, fileMode: number): string {
  try {
    return resolveConfig(path);
  } catch (error) {
    if (codeOf((error as Error).cause) !== 'ENOENT') throw error;
  }
  const directory = dirname(endOfLinks(path));
  try {
    makeDirectory(directory, directoryMode(fileMode));
  } catch (error) {
    throw directoryError(path, error, dirname((error as NodeJS.ErrnoException).path ?? directory));
  }
  return resolveConfig(path);
}

/**
 * Tells whether a path still resolves to the same file. While the call waited for the lock, somebody may have changed a
 * link, or another file may have become the config.
 *
 * @param real - The result of {@link resolveForWriting} before the wait.
 * @throws ZjjError CONFIG_READ
 */
export function isStillAt(real: string, path: string): boolean {
  // A path without links needs no second look. If a link replaces the file, the commit sees a different file. If a link
  // replaces a directory, the path leads to another lock file.
  if (path === real) return true;
  try {
    return resolveConfig(path) === real;
  } catch (error) {
    // The directory was removed. The caller starts over and makes it again.
    if (codeOf((error as Error).cause) === 'ENOENT') return false;
    throw error;
  }
}

/** Fails if the kernel refuses a link on the path. It was missing before, but a link may have appeared since. */
function checkIsMissing(path: string): void {
  try {
    statSync(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw readError(path, error);
  }
}

/** Follows the links of a path whose target does not exist, and returns the path where it would be. */
function endOfLinks(path: string): string {
  let end = path;
  let endsWithSlash = false;
  for (const step of walkPath(path)) {
    // Do not take an unreadable link for the end: the config would replace the link.
    if (step.kind === 'unreadable') throw readError(path, step.error);
    end = [step.name, ...step.rest].reduce(join, step.directory);
    endsWithSlash = step.endsWithSlash;
  }
  if (endsWithSlash) throw readError(path, systemError(end, { code: 'ENOENT', syscall: 'open' }));
  return end;
}

/** Whoever may read the config may search its directory. This user can always use the directory. */
function directoryMode(fileMode: number): number {
  return fileMode | ((fileMode & 0o444) >> 2) | 0o700;
}

/** Creates a directory and its missing parents. The `recursive` of mkdirSync reports some errors as ENOENT. */
function makeDirectory(directory: string, mode: number): void {
  const parent = dirname(directory);
  if (parent === directory) return;
  if (!existsSync(parent)) makeDirectory(parent, mode);
  try {
    mkdirSync(directory, mode);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}

/** Unlike path.join, it does not normalize. */
function join(directory: string, name: string): string {
  return directory.endsWith('/') ? directory + name : `${directory}/${name}`;
}
