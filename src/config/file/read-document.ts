import { type Stats, statSync } from 'node:fs';
import { TextDecoder } from 'node:util';
import { ConfigEncodingError, ZjjError } from '../../errors.js';
import { placeOf, TomlDocument } from '../../toml/index.js';
import { readError } from './config-error.js';
import { isNullDevice, readBytes } from './read-file.js';
import { lookAgainIfStale } from './stale-name.js';
import { notRegularError } from './write-denial.js';

/** The number of files whose last document is kept. */
const CACHED_FILES = 16;

interface CachedDocument {
  readonly bytes: Buffer;
  readonly document: TomlDocument;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The last document of each file, oldest first. */
const cache = new Map<string, CachedDocument>();

/**
 * Reads and parses the config at a path. Always reads the bytes, but parses them only if they have changed.
 *
 * @returns An empty document if there is no file.
 * @throws ConfigParseError CONFIG_PARSE; ConfigEncodingError CONFIG_ENCODING; ZjjError CONFIG_READ, CONFIG_LIMIT
 */
export function readDocument(path: string): TomlDocument {
  const bytes = readBytes(path, cache.get(path)?.bytes);
  return bytes === undefined ? emptyDocument(path) : documentOf(path, bytes);
}

/** The document of a config that does not exist. */
export function emptyDocument(path: string): TomlDocument {
  return TomlDocument.parse('', path);
}

/** Parses a file's bytes, unless they equal those parsed last. Throws as {@link readDocument}. */
export function documentOf(path: string, bytes: Buffer): TomlDocument {
  const last = cache.get(path);
  if (last !== undefined && (last.bytes === bytes || last.bytes.equals(bytes))) return last.document;
  const document = TomlDocument.parse(decode(path, bytes), path);
  cacheDocument(path, bytes, document);
  return document;
}

/** Keeps a document and the bytes of its text, so that these bytes need not be parsed again. */
export function cacheDocument(path: string, bytes: Buffer, document: TomlDocument): void {
  cache.delete(path);
  cache.set(path, { bytes, document });
  if (cache.size <= CACHED_FILES) return;
  for (const oldest of cache.keys()) {
    cache.delete(oldest);
    break;
  }
}

/**
 * Parses a config before its lock is acquired, so that it usually need not be parsed while the lock is held. Errors in
 * the text are ignored, since another process may correct it before the lock is granted.
 *
 * @throws ZjjError CONFIG_READ: it is not a regular file, or cannot be read. CONFIG_WRITE: it is `/dev/null`. So no lock
 *   file is created beside it.
 */
export function preparse(path: string): void {
  const stats = lookAt(path);
  // A guess from the file's size. If it is wrong, only time is lost: the bytes are read again under the lock.
  if (stats?.isFile() && stats.size === cache.get(path)?.bytes.length) return;
  if (stats !== undefined && isNullDevice(stats)) throw notRegularError(path);
  try {
    readDocument(path);
  } catch (error) {
    if (error instanceof ZjjError && error.code === 'CONFIG_READ') throw error;
  }
}

function lookAt(path: string): Stats | undefined {
  try {
    return lookAgainIfStale(() => statSync(path, { throwIfNoEntry: false }));
  } catch (error) {
    throw readError(path, error);
  }
}

function decode(path: string, bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    // As in CONFIG_PARSE, a BOM has no column.
    const start = validStart(bytes).replace(/^\uFEFF/, '');
    const { line, column } = placeOf(start, start.length);
    const message = `${path}:${line}:${column}: not UTF-8`;
    throw new ConfigEncodingError(message, { path, line, column, cause });
  }
}

/** The text before the first byte that is not UTF-8. */
function validStart(bytes: Buffer): string {
  let valid = 0;
  let invalid = bytes.length;
  while (valid < invalid) {
    const middle = Math.ceil((valid + invalid) / 2);
    if (decodeStart(bytes, middle) === undefined) invalid = middle - 1;
    else valid = middle;
  }
  return decodeStart(bytes, valid) ?? '';
}

/** Decodes the first bytes, without a character that is not complete. Undefined if they are not UTF-8. */
function decodeStart(bytes: Buffer, length: number): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(0, length), {
      stream: true,
    });
  } catch {
    return undefined;
  }
}
