import { isDeepStrictEqual } from 'node:util';
import type { TomlTable, TomlValue } from '../toml/index.js';

/** Whether a value that was read is a table: only those have no prototype. */
export function isTable(value: unknown): value is TomlTable {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === null;
}

/**
 * What a key leads to; undefined if there is nothing, or something on the way is no table. The root itself may be any
 * object: a schema may make one of a class.
 */
export function findInTable(root: object, parts: readonly string[]): unknown {
  let found: unknown = root;
  for (const part of parts) {
    const canHave = found === root || isTable(found);
    if (!canHave || !Object.hasOwn(found as object, part)) return undefined;
    found = (found as Record<string, unknown>)[part];
  }
  return found;
}

/** Lays one table over another, as merge-tables.ts does with typed ones. */
export function layOver(lower: TomlTable, upper: TomlTable): TomlTable {
  const merged: Record<string, TomlValue> = Object.assign(Object.create(null), lower);
  for (const [name, value] of Object.entries(upper)) {
    const below = merged[name];
    merged[name] = isTable(below) && isTable(value) ? layOver(below, value) : value;
  }
  return Object.freeze(merged);
}

/**
 * The keys that lead to another value in `after` than in `before`: where both have a table to the members in which they
 * differ, else to the value.
 */
export function changedKeys(before: TomlTable, after: TomlTable): readonly (readonly string[])[] {
  const changed: (readonly string[])[] = [];
  collectChanges(before, after, [], changed);
  return changed;
}

function collectChanges(
  before: TomlTable,
  after: TomlTable,
  above: readonly string[],
  changed: (readonly string[])[],
): void {
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const key = [...above, name];
    const [old, now] = [before[name], after[name]];
    if (isTable(old) && isTable(now)) collectChanges(old, now, key, changed);
    else if (!isDeepStrictEqual(old, now)) changed.push(Object.freeze(key));
  }
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
 * A copy in which plain objects and arrays are frozen, and plain objects have no prototype. What else is in it is not
 * ours to freeze and stays what it is: dates, instances of classes.
 */
export function frozenCopy(value: unknown): unknown {
  if (Array.isArray(value)) return Object.freeze(value.map(frozenCopy));
  if (!isPlain(value)) return value;
  const copy: Record<string, unknown> = Object.create(null);
  for (const [name, member] of Object.entries(value)) copy[name] = frozenCopy(member);
  return Object.freeze(copy);
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
