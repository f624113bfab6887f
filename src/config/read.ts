import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs';
import { ZjjError } from '../errors.js';
import { type Key, parseKey, TomlDocument, type TomlTable, type TomlValue } from '../toml/index.js';
import { codeOf, readError } from './config-error.js';
import { configPath } from './config-path.js';

/** How many files' last texts are remembered. */
const REMEMBERED_FILES = 16;

interface Remembered {
  readonly bytes: Buffer;
  readonly document: TomlDocument;
}

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
  const file = readFile(path);
  return file === undefined ? TomlDocument.parse('', path) : documentOf(path, file.bytes);
}

/**
 * Parses a config before its lock is held, which mostly saves doing so while it is. Text that is wrong may be right by
 * then; what is no file is refused now, before it gets a lock file beside it.
 *
 * @throws ZjjError CONFIG_READ
 */
export function warm(path: string): void {
  try {
    readDocument(path);
  } catch (error) {
    if (error instanceof ZjjError && error.code === 'CONFIG_READ') throw error;
  }
}

/** The bytes at a path; undefined where there is no file. Waits for nobody, whatever kind of file it is. */
export function readFile(path: string): ConfigFile | undefined {
  let fd: number;
  try {
    // O_NONBLOCK: without it, opening a FIFO hangs.
    fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw readError(path, error);
  }
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile()) {
      const what = stats.isDirectory() ? 'it is a directory' : 'it is not a regular file';
      throw new ZjjError('CONFIG_READ', `Cannot read ${path}: ${what}`, { path });
    }
    return { bytes: readFileSync(fd), stats };
  } catch (error) {
    throw error instanceof ZjjError ? error : readError(path, error);
  } finally {
    closeQuietly(fd);
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
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new ZjjError('CONFIG_ENCODING', `${path} is not UTF-8`, { path, cause });
  }
}

function closeQuietly(fd: number): void {
  try {
    closeSync(fd);
  } catch {
    // All was read, or what went wrong before is told.
  }
}
