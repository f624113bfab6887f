import {
  formatKey,
  formatTyped,
  formatValue,
  inferValue,
  type Key,
  parseKey,
  type TomlInput,
  TomlLiteral,
  type TomlValue,
  type Typed,
  toTyped,
  toValue,
  type ValueType,
  valueOfType,
} from '../toml/index.js';
import { escapeControls } from './output.js';

/** A key from the command line. */
export interface ConfigKey {
  readonly parts: Exclude<Key, string>;
  /** The shortest way to write it, for messages. */
  readonly text: string;
}

/**
 * Reads a key from the command line.
 *
 * @throws ZjjError INVALID_KEY
 */
export function readKey(text: string): ConfigKey {
  // parseKey returns at least one part.
  const parts = parseKey(text) as ConfigKey['parts'];
  return { parts, text: formatKey(parts) };
}

/**
 * Reads a value from the command line.
 *
 * @throws ZjjError INVALID_VALUE, CONFIG_LIMIT
 */
export function readValue(text: string, type: ValueType | 'infer'): TomlInput {
  return type === 'infer' ? inferValue(text) : valueOfType(text, type);
}

/** The value that a read returns after this one was set. */
export function storedValue(input: TomlInput): TomlValue {
  return toValue(toTyped(input));
}

/** A value on its own: a string without quotes, anything else as TOML. */
export function bareValue(typed: Typed): string {
  return typed.type === 'string' ? String(typed.value) : formatTyped(typed);
}

/**
 * A value in a sentence. A string has quotes only if it is empty or has control characters. A literal, such as 0xff, is
 * shown as it was typed.
 */
export function valueInText(input: TomlInput, stored: TomlValue): string {
  if (input instanceof TomlLiteral && typeof stored !== 'string') return input.text;
  const isPlain = typeof stored === 'string' && stored !== '' && escapeControls(stored) === stored;
  return isPlain ? stored : formatValue(stored);
}

/** A value as lines of TOML, `key.path = value`. A table gives one line for each value in it. */
export function valueLines(parts: readonly string[], typed: Typed): string[] {
  if (typed.type !== 'table' || (parts.length > 0 && typed.members.size === 0)) {
    return [`${formatKey(parts)} = ${formatTyped(typed)}`];
  }
  return Array.from(typed.members).flatMap(([name, member]) => valueLines([...parts, name], member));
}
