import { configPath } from '../config/file/config-path.js';
import { readDocument } from '../config/file/read.js';
import type { ConfigLocation } from '../config/locate.js';
import type { TomlDocument } from '../toml/index.js';

/** Reads the config at a location. If the file does not exist, the document is empty. */
export function readConfigAt({ path }: ConfigLocation): TomlDocument {
  return readDocument(configPath(path));
}
