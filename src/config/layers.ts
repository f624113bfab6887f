import type { Typed, TypedTable } from '../toml/index.js';

/**
 * Lays one table over another: where both have a table under a key these merge in turn, any other value of `upper`
 * replaces the one of `lower`. Neither argument is changed.
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
