import { existsSync } from 'node:fs';
import { type ConfigLocation, locateSources } from '../config/locate.js';
import { isTable, mergeTables } from '../config/merge-tables.js';
import { readConfigSync } from '../config/read.js';
import {
  formatKey,
  formatValue,
  inferValue,
  parseKey,
  TomlDocument,
  type TomlTable,
  type TomlValue,
} from '../toml/index.js';
import type { ConfigAction, ConfigCall } from './arguments.js';
import { keyNotFound } from './exit-codes.js';
import { jsonText } from './json.js';
import type { Output } from './output.js';
import { bareValue, valueLines } from './values.js';

type ListAction = Extract<ConfigAction, { name: 'list' }>;
type GetAction = Extract<ConfigAction, { name: 'get' }>;

/** `zjj config`, `zjj config list [PREFIX]`: what is stored, and in which files. */
export function listKeys({ prefix }: ListAction, { request }: ConfigCall, output: Output): void {
  const parts = prefix === undefined ? [] : parseKey(prefix);
  const sources = locateSources(request);
  const value = valueAt(readSources(sources), parts);
  if (output.isJson) {
    output.print(jsonText(nest(parts, value), ''));
    return;
  }
  const lines = value === undefined ? [] : valueLines(parts, value);
  if (!output.isQuiet) {
    if (lines.length > 0) lines.push('');
    lines.push(...sources.map(sourceLine));
  }
  output.printLines(lines);
}

/** `zjj config get KEY`: one value, as it is; a table as its lines. */
export function getKey({ key, fallback }: GetAction, { request }: ConfigCall, output: Output): void {
  const parts = parseKey(key);
  const value = valueAt(readSources(locateSources(request)), parts) ?? fallbackValue(fallback, output);
  if (value === undefined) throw keyNotFound(formatKey(parts));
  if (output.isJson) output.print(jsonText(value, ''));
  else output.printLines(isTable(value) ? valueLines(parts, value) : [bareValue(value)]);
}

/** For people the text as it was given, in JSON the value that `set` would make of it. */
function fallbackValue(text: string | undefined, output: Output): TomlValue | undefined {
  if (text === undefined || !output.isJson) return text;
  return TomlDocument.parse(`value = ${formatValue(inferValue(text))}`).get(['value']);
}

function readSources(sources: readonly ConfigLocation[]): TomlTable {
  return sources.map(({ path }) => readConfigSync(path)).reduce(mergeTables);
}

function valueAt(table: TomlTable, parts: readonly string[]): TomlValue | undefined {
  let value: TomlValue | undefined = table;
  for (const part of parts) value = isTable(value) ? value[part] : undefined;
  return value;
}

/** The tables down to a value, with nothing else in them. */
function nest(parts: readonly string[], value: TomlValue | undefined): TomlValue {
  if (value === undefined) return emptyTable;
  return parts.reduceRight<TomlValue>((inner, part) => Object.assign(Object.create(null), { [part]: inner }), value);
}

const emptyTable: TomlTable = Object.freeze(Object.create(null));

function sourceLine({ path }: ConfigLocation): string {
  return existsSync(path) ? `from ${path}` : `from ${path} (no such file)`;
}
