import { existsSync } from 'node:fs';
import { mergeTables } from '../config/layers.js';
import { type ConfigLocation, locateSources } from '../config/locate.js';
import { findMember, type TomlValue, type TypedTable, toValue } from '../toml/index.js';
import type { ConfigAction, ConfigCall } from './arguments.js';
import { readConfigAt } from './config-file.js';
import { keyNotFound } from './exit-codes.js';
import { jsonText } from './json.js';
import type { Output } from './output.js';
import { bareValue, readKey, readValue, storedValue, valueLines } from './values.js';

type ListAction = Extract<ConfigAction, { name: 'list' }>;
type GetAction = Extract<ConfigAction, { name: 'get' }>;

/** `zjj config`, `zjj config list [PREFIX]`: shows the stored values, and the files that they come from. */
export function listKeys({ prefix }: ListAction, { request }: ConfigCall, output: Output): void {
  const parts = prefix === undefined ? [] : readKey(prefix).parts;
  const sources = locateSources(request);
  const found = findMember(readSources(sources), parts);
  if (output.isJson) {
    output.print(jsonText(found === undefined ? {} : nest(parts, toValue(found)), ''));
    return;
  }
  const lines = found === undefined ? [] : valueLines(parts, found);
  if (!output.isQuiet) {
    if (lines.length > 0) lines.push('');
    lines.push(...sources.map(sourceLine));
  }
  output.printLines(lines);
}

/** `zjj config get KEY`: shows one value on its own, or a table as one line for each value in it. */
export function getKey({ key, fallback }: GetAction, { request }: ConfigCall, output: Output): void {
  const { parts, text } = readKey(key);
  const found = findMember(readSources(locateSources(request)), parts);
  if (found === undefined) printFallback(text, fallback, output);
  else if (output.isJson) output.print(jsonText(toValue(found), ''));
  else output.printLines(found.type === 'table' ? valueLines(parts, found) : [bareValue(found)]);
}

/** Prints the default as it was typed; with --json, as the value that `set` would store. */
function printFallback(key: string, fallback: string | undefined, output: Output): void {
  if (fallback === undefined) throw keyNotFound(key);
  if (output.isJson) output.print(jsonText(storedValue(readValue(fallback, 'infer')), ''));
  else output.printLines([fallback]);
}

function readSources(sources: readonly ConfigLocation[]): TypedTable {
  return sources.map((source) => readConfigAt(source).root).reduce(mergeTables);
}

/** Puts a value under a key, in tables that hold nothing else. */
function nest(parts: readonly string[], value: TomlValue): TomlValue {
  return parts.reduceRight<TomlValue>((inner, part) => ({ [part]: inner }), value);
}

function sourceLine({ path }: ConfigLocation): string {
  return existsSync(path) ? `from ${path}` : `from ${path} (no such file)`;
}
