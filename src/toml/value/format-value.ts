import { quoteBasic } from '../syntax/escape.js';
import { formatKey } from '../syntax/key-path.js';
import type { TomlValue } from '../syntax/toml-value.js';
import type { Typed, TypedScalar } from '../syntax/typed.js';
import type { TomlInput } from './input.js';
import { toTyped } from './read-input.js';

/**
 * Returns the TOML text of a value. It is one line, unless the value contains a {@link TomlLiteral} of several lines.
 * Tables are inline.
 *
 * @throws {ZjjError} INVALID_VALUE: TOML cannot represent the value: null, undefined in an array, a function, a class
 *   instance, an integer beyond 64 bits, a Date outside the years 0 to 9999, a cycle. CONFIG_LIMIT: it is nested deeper
 *   than 1,000 levels, or has a string of more than 10,000,000 characters.
 * @example
 * formatValue({ port: 8080, hosts: ['a', 'b'] }) // '{ port = 8080, hosts = ["a", "b"] }'
 */
export function formatValue(value: TomlInput | TomlValue): string {
  return formatTyped(toTyped(value));
}

/** Returns the TOML text of a typed value: its own `text` if it has one, otherwise the default notation. */
export function formatTyped(typed: Typed): string {
  if (typed.text !== undefined) return typed.text;
  if (typed.type === 'array') return `[${typed.items.map(formatTyped).join(', ')}]`;
  if (typed.type !== 'table') return formatScalar(typed);
  if (typed.members.size === 0) return '{}';
  const members = Array.from(typed.members, ([name, member]) => `${formatKey([name])} = ${formatTyped(member)}`);
  return `{ ${members.join(', ')} }`;
}

function formatScalar({ type, value }: TypedScalar): string {
  if (typeof value === 'string') return quoteBasic(value);
  return type === 'float' ? formatFloat(Number(value)) : String(value);
}

function formatFloat(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (Object.is(value, -0)) return '-0.0';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}
