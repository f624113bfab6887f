import { readdirSync, unlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { codeOf, writeError } from './config-error.js';

/** The name of a config's temporary files is `.NAME.RANDOM.tmp`. */
export function temporaryName(path: string): string {
  return `.${basename(path)}.${Math.random().toString(36).slice(2)}.tmp`;
}

/**
 * Removes the temporary files beside a config: those of writers that died, and those of writers that lost the lock and
 * do not know it yet. While the lock is held, no other writer needs one.
 *
 * @param ownName - The name of a temporary file to keep.
 * @returns False if some could not be removed.
 * @throws ZjjError CONFIG_WRITE: the directory cannot be read.
 */
export function sweepTemporaryFiles(path: string, ownName?: string): boolean {
  const prefix = `.${basename(path)}.`;
  const suffix = '.tmp';
  let names: string[];
  try {
    names = readdirSync(dirname(path));
  } catch (error) {
    throw writeError(path, error);
  }
  let isSwept = true;
  for (const name of names) {
    const isTemporary =
      name.startsWith(prefix) &&
      name.endsWith(suffix) &&
      name.length > prefix.length + suffix.length &&
      // With another dot in between it belongs to a config with a longer name, such as `NAME.local`.
      !name.slice(prefix.length, -suffix.length).includes('.');
    if (isTemporary && name !== ownName && !tryUnlink(join(dirname(path), name))) isSwept = false;
  }
  return isSwept;
}

/** Returns false if the file still exists. */
export function tryUnlink(path: string): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch (error) {
    return codeOf(error) === 'ENOENT';
  }
}
