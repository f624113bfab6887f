import { readDocument } from '../config/file/read-document.js';
import { configPath } from '../config/file/resolve.js';
import type { ConfigLocation } from '../config/locate.js';
import type { TomlDocument } from '../toml/index.js';

/** Reads the config at a location. If the file does not exist, the document is empty. */
export function readConfigAt({ path }: ConfigLocation): TomlDocument {
  return readDocument(configPath(path));
}
