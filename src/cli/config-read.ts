import { existsSync } from 'node:fs';
import { configPath } from '../config/file/config-path.js';
import { readDocument } from '../config/file/read.js';
import { mergeTables } from '../config/layers.js';
import { type ConfigLocation, locateSources } from '../config/locate.js';
import {
  findMember,
  formatKey,
  formatValue,
  inferValue,
  parseKey,
  TomlDocument,
  type Typed,
  type TypedTable,
  toValue,
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
  const value = findMember(readSources(sources), parts);
  if (output.isJson) {
    output.print(jsonText(toValue(nest(parts, value)), ''));
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
  const value = findMember(readSources(locateSources(request)), parts) ?? fallbackValue(fallback, output);
  if (value === undefined) throw keyNotFound(formatKey(parts));
  if (output.isJson) output.print(jsonText(toValue(value), ''));
  else output.printLines(value.type === 'table' ? valueLines(parts, value) : [bareValue(value)]);
}

/** For people the text as it was given, in JSON the value that `set` would make of it. */
function fallbackValue(text: string | undefined, output: Output): Typed | undefined {
  if (text === undefined) return undefined;
  if (!output.isJson) return { type: 'string', value: text };
  return TomlDocument.parse(`value = ${formatValue(inferValue(text))}`).root.members.get('value');
}

function readSources(sources: readonly ConfigLocation[]): TypedTable {
  return sources.map(({ path }) => readDocument(configPath(path)).root).reduce(mergeTables);
}

/** The tables down to a value, with nothing else in them. */
function nest(parts: readonly string[], value: Typed | undefined): Typed {
  if (value === undefined) return { type: 'table', members: new Map() };
  return parts.reduceRight<Typed>((inner, part) => ({ type: 'table', members: new Map([[part, inner]]) }), value);
}

function sourceLine({ path }: ConfigLocation): string {
  return existsSync(path) ? `from ${path}` : `from ${path} (no such file)`;
}
