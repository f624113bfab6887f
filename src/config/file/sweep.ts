import { createHash, randomBytes } from 'node:crypto';
import { lstatSync, readdirSync, unlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { codeOf } from './config-error.js';
import { directoryError } from './write-denial.js';

/** The random part of a temporary name, in bytes and as written. */
const RANDOM_BYTES = 8;
const RANDOM = /^[0-9a-f]{16}$/;
const SUFFIX = '.tmp';

/**
 * The most bytes that a temporary name may have. The usual limit of a file system is 255, but eCryptfs encodes names and
 * allows 143.
 */
const MAX_NAME_BYTES = 143;

/**
 * A new name for a temporary file of a config: `.NAME.zjj-RANDOM.tmp`, or `.NAM.zjj-HASH-RANDOM.tmp` if NAME is long.
 * The hash of the whole name tells configs with the same beginning apart.
 */
export function temporaryName(path: string): string {
  return `${temporaryPrefix(path)}${randomBytes(RANDOM_BYTES).toString('hex')}${SUFFIX}`;
}

function temporaryPrefix(path: string): string {
  const name = basename(path);
  const prefix = `.${name}.zjj-`;
  const randomLength = 2 * RANDOM_BYTES + SUFFIX.length;
  if (Buffer.byteLength(prefix) + randomLength <= MAX_NAME_BYTES) return prefix;
  const tag = `.zjj-${createHash('sha256').update(name).digest('hex').slice(0, 16)}-`;
  return `.${firstBytes(name, MAX_NAME_BYTES - randomLength - tag.length - 1)}${tag}`;
}

/** The longest beginning of a text that has at most `most` bytes and cuts no character. */
function firstBytes(text: string, most: number): string {
  const bytes = Buffer.from(text);
  let end = Math.min(most, bytes.length);
  // A byte 10xxxxxx continues a character of UTF-8.
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.toString('utf8', 0, end);
}

/**
 * Removes the temporary files beside a config: those of writers that died, and those of writers that lost the lock and
 * do not know it yet. While the lock is held, no other writer needs one. Removes nothing else: only a regular file whose
 * name is exactly one that {@link temporaryName} makes.
 *
 * @param ownName - The name of a temporary file to keep.
 * @returns False if some could not be removed.
 * @throws ZjjError CONFIG_WRITE: the directory cannot be read.
 */
export function sweepTemporaryFiles(path: string, ownName?: string): boolean {
  const directory = dirname(path);
  const prefix = temporaryPrefix(path);
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch (error) {
    throw directoryError(path, error);
  }
  let isSwept = true;
  for (const name of names) {
    const isTemporary =
      name.startsWith(prefix) &&
      name.endsWith(SUFFIX) &&
      RANDOM.test(name.slice(prefix.length, -SUFFIX.length)) &&
      name !== ownName;
    if (isTemporary && !removeTemporary(join(directory, name))) isSwept = false;
  }
  return isSwept;
}

/** Returns false if the temporary file still exists. */
function removeTemporary(path: string): boolean {
  try {
    return !lstatSync(path).isFile() || tryUnlink(path);
  } catch (error) {
    return codeOf(error) === 'ENOENT';
  }
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
