import { isDeepStrictEqual } from 'node:util';
import { isTable, type TomlTable } from '../../toml/index.js';

/**
 * The keys whose values differ between two tables. If both have a table under a key, the keys that differ within it are
 * listed instead.
 */
export function changedKeys(before: TomlTable, after: TomlTable): readonly (readonly string[])[] {
  const changed: (readonly string[])[] = [];
  collectChanges(before, after, [], changed);
  return changed;
}

function collectChanges(
  before: TomlTable,
  after: TomlTable,
  parent: readonly string[],
  changed: (readonly string[])[],
): void {
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const key = [...parent, name];
    const [old, now] = [before[name], after[name]];
    if (isTable(old) && isTable(now)) collectChanges(old, now, key, changed);
    else if (!isDeepStrictEqual(old, now)) changed.push(Object.freeze(key));
  }
}
