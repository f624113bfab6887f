// This folder works with a config's path and bytes: it resolves, reads, replaces and sweeps.

import { existsSync, mkdirSync, realpathSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { absolutePath, systemError } from '../../lock/internal.js';
import { codeOf, isPermissionError, readError } from './config-error.js';
import { syncDirectory } from './descriptor.js';
import { walkPath } from './walk-path.js';
import { directoryError } from './write-denial.js';

/**
 * Makes a config's path absolute and leaves it otherwise unchanged.
 *
 * @throws ZjjError CONFIG_READ: the path is empty or contains a NUL byte. TypeError: it is neither a string nor a URL.
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
 * As {@link resolveConfig}, but creates the config's directory if it is missing.
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
    throw directoryError(path, error, nearestDirectory(dirname(target)));
  }
  return resolveConfig(path);
}

/**
 * Tells whether a path still resolves to the same file. While the call waited for the lock, somebody may have changed a
 * link, or another file may have become the config.
 *
 * @param real - The result of {@link resolveForWriting} before the wait.
 * @throws ZjjError as {@link resolveForWriting}
 */
export function isStillAt(real: string, path: string): boolean {
  // A path without links needs no second look. If a link replaces the file, the commit sees a different file. If a link
  // replaces a directory, the path leads to another lock file.
  return path === real || resolveForWriting(path) === real;
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

/**
 * Creates a directory and its missing parents. A directory's name is in its parent, so each parent is synced before
 * anything is created in the directory.
 */
function makeDirectory(directory: string): void {
  const parent = dirname(directory);
  if (parent === directory) return;
  if (existsSync(parent)) syncNameOf(parent);
  else makeDirectory(parent);
  makeIfMissing(directory);
  syncDirectory(parent);
}

/**
 * Syncs the name of a directory before anything is created in it. The process that created the directory may not have
 * synced it yet, and the writers of files in it rely on that.
 */
function syncNameOf(directory: string): void {
  try {
    // The kernel resolves `..`, whatever links are in the path.
    syncDirectory(join(directory, '..'));
  } catch (error) {
    if (!isPermissionError(error)) throw error;
  }
}

/** The last directory of a path that exists. */
function nearestDirectory(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearestDirectory(dirname(path));
}

function makeIfMissing(directory: string): void {
  try {
    mkdirSync(directory);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}

/** Unlike path.join, it does not normalize. */
function join(directory: string, name: string): string {
  return directory.endsWith('/') ? directory + name : `${directory}/${name}`;
}
