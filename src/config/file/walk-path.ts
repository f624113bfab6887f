import { readlinkSync } from 'node:fs';
import { dirname, join, parse } from 'node:path';
import { systemError } from '../../lock/internal.js';
import { codeOf } from './config-error.js';
import { lookAgainIfStale } from './stale-name.js';

/** Linux's limit, see path_resolution(7). */
const MAX_LINKS = 40;

/** One name on a path. */
export interface PathStep {
  /** The directory that contains the name. Its own path has no symbolic links. */
  readonly directory: string;
  readonly name: string;
  readonly kind: 'link' | 'file or directory' | 'missing' | 'unreadable';
  /** For 'unreadable': the system error. */
  readonly error?: unknown;
  /** The names that follow this one. */
  readonly rest: readonly string[];
  /** The path, or the link that ends it, has a trailing slash: only a directory can have that name. */
  readonly endsWithSlash: boolean;
}

/**
 * Walks an absolute path name by name, as the kernel does: each symbolic link is followed, and `..` is the parent of the
 * real directory. The walk ends with the last name, or with the first that is missing or unreadable.
 */
export function* walkPath(path: string): Generator<PathStep, void> {
  const { root } = parse(path);
  let directory = root;
  let names = splitNames(path.slice(root.length));
  let endsWithSlash = hasTrailingSlash(path);
  for (let links = 0; ; ) {
    const [name, ...rest] = names;
    if (name === undefined) return;
    names = rest;
    if (name === '..') {
      directory = dirname(directory);
      continue;
    }
    const entry = join(directory, name);
    const step = { directory, name, rest, endsWithSlash };
    let target: string | undefined;
    try {
      target = readLink(entry);
    } catch (error) {
      yield { ...step, kind: codeOf(error) === 'ENOENT' ? 'missing' : 'unreadable', error };
      return;
    }
    if (target === undefined) {
      yield { ...step, kind: 'file or directory' };
      directory = entry;
      continue;
    }
    links += 1;
    if (links > MAX_LINKS) {
      yield { ...step, kind: 'unreadable', error: systemError(path, { code: 'ELOOP', syscall: 'readlink' }) };
      return;
    }
    yield { ...step, kind: 'link' };
    if (rest.length === 0) endsWithSlash ||= hasTrailingSlash(target);
    const { root: targetRoot } = parse(target);
    if (targetRoot !== '') directory = targetRoot;
    names = [...splitNames(target.slice(targetRoot.length)), ...rest];
  }
}

/** The target of a symbolic link; undefined if the path names a file or directory. */
function readLink(path: string): string | undefined {
  try {
    return lookAgainIfStale(() => readlinkSync(path));
  } catch (error) {
    // libuv reports UNKNOWN on Windows for a file that is not a link.
    if (codeOf(error) === 'EINVAL' || codeOf(error) === 'UNKNOWN') return undefined;
    throw error;
  }
}

function splitNames(path: string): string[] {
  const separator = process.platform === 'win32' ? /[\\/]/ : '/';
  return path.split(separator).filter((name) => name !== '' && name !== '.');
}

function hasTrailingSlash(path: string): boolean {
  return /\/\.?$/.test(path);
}
