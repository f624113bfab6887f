import { type Key, parseKey, type TomlTable, type TomlValue } from '../toml/index.js';
import { readDocument } from './file/read-document.js';
import { configPath } from './file/resolve.js';

/**
 * Reads a whole config. Takes no lock: a config is only ever replaced whole, and an open file does not change.
 *
 * @param path - The config file.
 * @returns The stored values, frozen, in objects without a prototype. An empty table if there is no file.
 * @throws ConfigParseError CONFIG_PARSE, ConfigEncodingError CONFIG_ENCODING (not UTF-8): both have `line` and `column`.
 *   ZjjError CONFIG_READ, CONFIG_LIMIT.
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
 * @returns The value; undefined if the key or the file does not exist.
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
