import { formatKey, formatTyped, formatValue, type TomlValue, type Typed } from '../toml/index.js';
import { escapeControls } from './output.js';

/** A value by itself: a string without its quotes, anything else as it stands in TOML. */
export function bareValue(typed: Typed): string {
  return typed.type === 'string' ? String(typed.value) : formatTyped(typed);
}

/** A value within a sentence: quoted where it would otherwise be unclear what belongs to it. */
export function valueInText(value: TomlValue): string {
  const isPlain = typeof value === 'string' && value !== '' && escapeControls(value) === value;
  return isPlain ? value : formatValue(value);
}

/** A value as lines of TOML, `key.path = value`; the values of a table one by one. */
export function valueLines(parts: readonly string[], typed: Typed): string[] {
  if (typed.type !== 'table' || (parts.length > 0 && typed.members.size === 0)) {
    return [`${formatKey(parts)} = ${formatTyped(typed)}`];
  }
  return Array.from(typed.members).flatMap(([name, member]) => valueLines([...parts, name], member));
}
