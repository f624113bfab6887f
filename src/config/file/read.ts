import { constants, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { ZjjError } from '../../errors.js';
import { type Key, parseKey, TomlDocument, type TomlTable, type TomlValue } from '../../toml/index.js';
import { closeQuietly } from './close-quietly.js';
import { codeOf, readError } from './config-error.js';
import { configPath } from './config-path.js';

/** O_NONBLOCK: without it, opening a FIFO hangs. */
const READ_FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** How many files' last texts are remembered. */
const REMEMBERED_FILES = 16;

interface Remembered {
  readonly bytes: Buffer;
  readonly document: TomlDocument;
}

/** Read at once where stat does not tell a size, as in /proc; and what files are read into that mostly are as before. */
const CHUNK_SIZE = 64 * 1024;
const chunk = Buffer.allocUnsafeSlow(CHUNK_SIZE);

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The last text of each file, parsed. Oldest first. */
const remembered = new Map<string, Remembered>();

/** A config file as it was at one moment. */
export interface ConfigFile {
  readonly bytes: Buffer;
  readonly stats: Stats;
}

/**
 * Reads a whole config. Takes no lock: a file is only ever replaced whole, and once open it stays what it was.
 *
 * @param path - The config file.
 * @returns What is stored, frozen, in objects without prototype; an empty table where there is no file.
 * @throws ConfigParseError CONFIG_PARSE (`line`, `column`); ZjjError CONFIG_READ, CONFIG_ENCODING (not UTF-8),
 *   CONFIG_LIMIT.
 * @example
 * const { server } = await readConfig('config.toml');
 */
export async function readConfig(path: string | URL): Promise<TomlTable> {
  return readConfigSync(path);
}

/** As {@link readConfig}, synchronously. */
export function readConfigSync(path: string | URL): TomlTable {
  return readDocument(configPath(path)).toTable();
}

/**
 * Reads one value.
 *
 * @param path - The config file.
 * @param key - A TOML key path (`server.port`, `a."b.c"`), or its parts as an array.
 * @returns The value; undefined where the key or the file is not there.
 * @throws as {@link readConfig}, and ZjjError INVALID_KEY.
 * @example
 * const port = await getConfigValue('config.toml', 'server.port');
 */
export async function getConfigValue(path: string | URL, key: Key): Promise<TomlValue | undefined> {
  return getConfigValueSync(path, key);
}

/** As {@link getConfigValue}, synchronously. */
export function getConfigValueSync(path: string | URL, key: Key): TomlValue | undefined {
  const parts = parseKey(key);
  return readDocument(configPath(path)).get(parts);
}

/** The document at a path; an empty one where there is no file. */
export function readDocument(path: string): TomlDocument {
  const fd = open(path);
  if (fd === undefined) return emptyDocument(path);
  try {
    const last = remembered.get(path);
    if (last !== undefined && isStill(path, fd, last.bytes)) return last.document;
    return documentOf(path, readWhole(fd, statFile(path, fd).size));
  } catch (error) {
    throw error instanceof ZjjError ? error : readError(path, error);
  } finally {
    closeQuietly(fd);
  }
}

/** What a config says that is not there. */
export function emptyDocument(path: string): TomlDocument {
  return TomlDocument.parse('', path);
}

/**
 * Parses a config before its lock is held, which mostly saves doing so while it is. Text that is wrong may be right by
 * then; what is no file is refused now, before it gets a lock file beside it.
 *
 * @throws ZjjError CONFIG_READ
 */
export function warm(path: string): void {
  try {
    if (!looksRemembered(path)) readDocument(path);
  } catch (error) {
    if (error instanceof ZjjError && error.code === 'CONFIG_READ') throw error;
  }
}

/** A guess, by which nothing but time can be lost: under the lock the bytes are read, whatever stat says. */
function looksRemembered(path: string): boolean {
  const last = remembered.get(path);
  if (last === undefined) return false;
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats?.isFile() === true && stats.size === last.bytes.length;
  } catch (error) {
    throw readError(path, error);
  }
}

/** The bytes at a path; undefined where there is no file. Waits for nobody, whatever kind of file it is. */
export function readFile(path: string): ConfigFile | undefined {
  const fd = open(path);
  if (fd === undefined) return undefined;
  try {
    const stats = statFile(path, fd);
    return { bytes: readWhole(fd, stats.size), stats };
  } catch (error) {
    throw error instanceof ZjjError ? error : readError(path, error);
  } finally {
    closeQuietly(fd);
  }
}

function open(path: string): number | undefined {
  try {
    return openSync(path, READ_FLAGS);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw readError(path, error);
  }
}

function statFile(path: string, fd: number): Stats {
  const stats = fstatSync(fd);
  if (stats.isFile()) return stats;
  const what = stats.isDirectory() ? 'it is a directory' : 'it is not a regular file';
  throw new ZjjError('CONFIG_READ', `Cannot read ${path}: ${what}`, { path });
}

/** Whether an open file has just these bytes: the commonest answer, and the only question then. */
function isStill(path: string, fd: number, bytes: Buffer): boolean {
  // One more is asked for, to see that there is none. Nothing at all is also what a pipe has.
  if (bytes.length === 0 || bytes.length >= CHUNK_SIZE) return false;
  try {
    const count = readSync(fd, chunk, 0, bytes.length + 1, 0);
    return count === bytes.length && bytes.compare(chunk, 0, count) === 0;
  } catch (error) {
    // A directory and its like are refused by their own names.
    statFile(path, fd);
    throw error;
  }
}

/** All that an open file has, which is mostly `size` bytes; as readFileSync, but for a second fstat. */
function readWhole(fd: number, size: number): Buffer {
  let bytes = Buffer.allocUnsafeSlow(size || CHUNK_SIZE);
  let length = 0;
  for (;;) {
    const count = readSync(fd, bytes, length, bytes.length - length, length);
    length += count;
    // Whoever writes in place, without a lock, may make it shorter or longer meanwhile.
    if (count === 0 || length === size) return bytes.subarray(0, length);
    if (length === bytes.length) bytes = Buffer.concat([bytes], length * 2);
  }
}

/** The document of a file's bytes, parsed unless they are the ones that were parsed last. */
export function documentOf(path: string, bytes: Buffer): TomlDocument {
  const last = remembered.get(path);
  if (last?.bytes.equals(bytes)) return last.document;
  const document = TomlDocument.parse(decode(path, bytes), path);
  remember(path, bytes, document);
  return document;
}

/** Keeps a document whose text is known to be these bytes, so that they need not be parsed. */
export function remember(path: string, bytes: Buffer, document: TomlDocument): void {
  remembered.delete(path);
  remembered.set(path, { bytes, document });
  if (remembered.size <= REMEMBERED_FILES) return;
  for (const oldest of remembered.keys()) {
    remembered.delete(oldest);
    break;
  }
}

function decode(path: string, bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new ZjjError('CONFIG_ENCODING', `${path} is not UTF-8`, { path, cause });
  }
}
