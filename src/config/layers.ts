import type { Typed, TypedTable } from '../toml/index.js';

/**
 * Lays one table over another. If both have a table under a key, these merge as well; otherwise the value of `upper`
 * wins. Neither argument is changed.
 *
 * @example
 * mergeTables(readDocument(userPath).root, readDocument(projectPath).root)
 */
export function mergeTables(lower: TypedTable, upper: TypedTable): TypedTable {
  const members = new Map<string, Typed>(lower.members);
  for (const [key, value] of upper.members) {
    const below = members.get(key);
    members.set(key, below?.type === 'table' && value.type === 'table' ? mergeTables(below, value) : value);
  }
  return { type: 'table', members };
}
