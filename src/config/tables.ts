import { isTable, type TomlValue } from '../toml/index.js';

/**
 * The value at a key; undefined if it does not exist, or if the key leads through a value that is not a table. The root
 * may be any object, since a schema's output can be a class instance.
 */
export function findInTable(root: object, parts: readonly string[]): unknown {
  let found: unknown = root;
  for (const part of parts) {
    const isSearchable = found === root || isTable(found);
    if (!isSearchable || !Object.hasOwn(found as object, part)) return undefined;
    found = (found as Record<string, unknown>)[part];
  }
  return found;
}

/** A copy whose tables and arrays can be changed. */
export function mutableCopy(value: TomlValue): unknown {
  if (Array.isArray(value)) return value.map(mutableCopy);
  if (!isTable(value)) return value;
  const copy: Record<string, unknown> = Object.create(null);
  for (const [name, member] of Object.entries(value)) copy[name] = mutableCopy(member);
  return copy;
}

/**
 * A copy whose plain objects and arrays are frozen, and whose plain objects have no prototype. Dates and instances of
 * classes are kept as they are.
 */
export function frozenCopy(value: unknown): unknown {
  if (Array.isArray(value)) return Object.freeze(value.map(frozenCopy));
  if (!isPlainObject(value)) return value;
  const copy: Record<string, unknown> = Object.create(null);
  for (const [name, member] of Object.entries(value)) copy[name] = frozenCopy(member);
  return Object.freeze(copy);
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
