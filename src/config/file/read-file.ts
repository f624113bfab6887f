import { constants, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { ZjjError } from '../../errors.js';
import { codeOf, readError } from './config-error.js';
import { closeQuietly } from './descriptor.js';
import { lookAgainIfStale } from './stale-name.js';

/** O_NONBLOCK: without it, opening a FIFO hangs. */
const READ_FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** The bytes to read at once from a file without a size, such as those in /proc. */
const CHUNK_SIZE = 64 * 1024;

/** Scratch buffer for re-reading files that rarely change. */
const scratch = Buffer.allocUnsafeSlow(CHUNK_SIZE);

/** A config file at one moment. */
export interface ConfigFile {
  readonly bytes: Buffer;
  readonly stats: Stats;
}

/**
 * Reads the file at a path. Never blocks, whatever kind of file it is.
 *
 * @returns Undefined if there is no file.
 * @throws ZjjError CONFIG_READ
 */
export function readFile(path: string): ConfigFile | undefined {
  return withOpenFile(path, (fd) => {
    const stats = statFile(path, fd);
    return { bytes: readWhole(fd, stats.size), stats };
  });
}

/**
 * As {@link readFile}, but returns `expected` itself if those are the bytes of the file. The check needs no fstat and no
 * new buffer.
 */
export function readBytes(path: string, expected: Buffer | undefined): Buffer | undefined {
  return withOpenFile(path, (fd) => {
    if (expected !== undefined && hasBytes(path, fd, expected)) return expected;
    return readWhole(fd, statFile(path, fd).size);
  });
}

/** Opens a file, reads from it and closes it. Undefined if there is no file. */
function withOpenFile<R>(path: string, read: (fd: number) => R): R | undefined {
  try {
    return lookAgainIfStale(() => openIfThere(path, read), ['ESTALE', 'ENOENT']);
  } catch (error) {
    throw error instanceof ZjjError ? error : readError(path, error);
  }
}

/** Throws ENOENT if the path still names a file: another one than open(2) looked for, or than was opened. */
function openIfThere<R>(path: string, read: (fd: number) => R): R | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(path, READ_FLAGS);
    return read(fd);
  } catch (error) {
    if (codeOf(error) === 'ENOENT' && !isThere(path)) return undefined;
    throw error;
  } finally {
    if (fd !== undefined) closeQuietly(fd);
  }
}

/** Whether a path, with its links, names a file. */
function isThere(path: string): boolean {
  return lookAgainIfStale(() => statSync(path, { throwIfNoEntry: false })) !== undefined;
}

function statFile(path: string, fd: number): Stats {
  const stats = fstatSync(fd);
  if (stats.isFile() || isNullDevice(stats)) return stats;
  const kind = stats.isDirectory() ? 'it is a directory' : 'it is not a regular file';
  throw new ZjjError('CONFIG_READ', `Cannot read ${path}: ${kind}`, { path });
}

/** Whether a file is /dev/null, under any name. It reads as an empty config, and cannot be written. */
export function isNullDevice(stats: Stats): boolean {
  if (!stats.isCharacterDevice()) return false;
  return statSync('/dev/null', { throwIfNoEntry: false })?.rdev === stats.rdev;
}

/** Tells whether an open file contains exactly these bytes. False also for files that are too large for the check. */
function hasBytes(path: string, fd: number, bytes: Buffer): boolean {
  // An empty read proves nothing: a pipe gives one, too.
  if (bytes.length === 0 || bytes.length >= CHUNK_SIZE) return false;
  try {
    // Ask for one byte more, to see whether the file has grown.
    const count = readSync(fd, scratch, 0, bytes.length + 1, 0);
    return count === bytes.length && bytes.compare(scratch, 0, count) === 0;
  } catch (error) {
    // If this is not a regular file, report that instead.
    statFile(path, fd);
    throw error;
  }
}

/** Reads an open file to its end. `size` is the expected length; readFileSync would call fstat once more. */
function readWhole(fd: number, size: number): Buffer {
  let bytes = Buffer.allocUnsafeSlow(size || CHUNK_SIZE);
  let length = 0;
  for (;;) {
    const count = readSync(fd, bytes, length, bytes.length - length, length);
    length += count;
    // A program that writes in place, without the lock, can change the size while this reads.
    if (count === 0 || length === size) return bytes.subarray(0, length);
    if (length === bytes.length) bytes = Buffer.concat([bytes], length * 2);
  }
}
