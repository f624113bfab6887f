import { isTable } from '../config/merge-tables.js';
import { formatKey, formatValue, type TomlTable, type TomlValue } from '../toml/index.js';
import { escapeControls } from './output.js';

/** A value by itself: a string without its quotes, anything else as it stands in TOML. */
export function bareValue(value: TomlValue): string {
  return typeof value === 'string' ? value : formatValue(value);
}

/** A value within a sentence: quoted where it would otherwise be unclear what belongs to it. */
export function valueInText(value: TomlValue): string {
  const isPlain = typeof value === 'string' && value !== '' && escapeControls(value) === value;
  return isPlain ? value : formatValue(value);
}

/** A value as lines of TOML, `key.path = value`; the values of a table one by one. */
export function valueLines(parts: readonly string[], value: TomlValue): string[] {
  if (!isTable(value) || (parts.length > 0 && isEmpty(value))) return [`${formatKey(parts)} = ${formatValue(value)}`];
  return Object.entries(value).flatMap(([name, member]) => valueLines([...parts, name], member));
}

function isEmpty(table: TomlTable): boolean {
  return Object.keys(table).length === 0;
}
