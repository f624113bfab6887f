import type { TomlTable, TomlValue } from '../toml/index.js';

/**
 * Lays one table over another: where both have a table under a key these merge in turn, any other value of `upper`
 * replaces the one of `lower`. Neither argument is changed; the result is frozen and has no prototype.
 *
 * @example
 * mergeTables(userConfig, projectConfig)
 */
export function mergeTables(lower: TomlTable, upper: TomlTable): TomlTable {
  const merged: Record<string, TomlValue> = Object.assign(Object.create(null), lower);
  for (const [key, value] of Object.entries(upper)) {
    const below = merged[key];
    merged[key] = isTable(below) && isTable(value) ? mergeTables(below, value) : value;
  }
  return Object.freeze(merged);
}

/** True for a table, false for arrays, dates and all else. */
export function isTable(value: TomlValue | undefined): value is TomlTable {
  // Tables are the values without a prototype; arrays and dates have theirs.
  return typeof value === 'object' && Object.getPrototypeOf(value) === null;
}
