import type { TomlScalar, TomlTable, TomlValue } from './toml-value.js';

/** How deep tables, arrays and key paths may nest in total. The limit keeps recursion safe on any stack. */
export const maxDepth = 1000;

/**
 * A value with its TOML type. A JavaScript number does not carry the type: `1` and `1.0` are both 1. `text` is the
 * notation of the value, if that is already known.
 */
export type Typed = TypedScalar | TypedArray | TypedTable;

export interface TypedScalar {
  readonly type: 'string' | 'integer' | 'float' | 'boolean' | 'datetime';
  readonly value: TomlScalar;
  readonly text?: string;
}

export interface TypedArray {
  readonly type: 'array';
  readonly items: readonly Typed[];
  readonly text?: string;
}

export interface TypedTable {
  readonly type: 'table';
  readonly members: ReadonlyMap<string, Typed>;
  readonly text?: string;
}

/** Returns an integer as reads return it: as a number if a number is exact. */
export function integerValue(integer: bigint): number | bigint {
  const value = Number(integer);
  return Number.isSafeInteger(value) ? value : integer;
}

/** True if the integer fits into 64 bits, which is what TOML requires every reader to accept. */
export function isInt64(integer: bigint): boolean {
  return BigInt.asIntN(64, integer) === integer;
}

/** Returns the value at a key; undefined if the key is missing, or passes through something other than a table. */
export function findMember(typed: Typed, parts: readonly string[]): Typed | undefined {
  let found: Typed | undefined = typed;
  for (const part of parts) {
    if (found?.type !== 'table') return undefined;
    found = found.members.get(part);
  }
  return found;
}

/** Returns a value as reads return it: frozen, tables without a prototype. */
export function toValue(typed: Typed): TomlValue {
  if (typed.type === 'array') return Object.freeze(typed.items.map(toValue));
  if (typed.type === 'table') return toTable(typed.members);
  return typed.value;
}

export function toTable(members: ReadonlyMap<string, Typed>): TomlTable {
  const table: Record<string, TomlValue> = Object.create(null);
  for (const [name, member] of members) table[name] = toValue(member);
  return Object.freeze(table);
}

/** True if both have the same value and the same type. Their notations may differ. */
export function isSame(a: Typed, b: Typed): boolean {
  if (a.type === 'array') {
    return b.type === 'array' && a.items.length === b.items.length && a.items.every((item, i) => isSameAt(item, b, i));
  }
  if (a.type === 'table') return b.type === 'table' && hasSameMembers(a.members, b.members);
  if (a.type !== b.type) return false;
  if (a.type === 'datetime') return String(a.value) === String(b.value);
  return Object.is(a.value, b.value);
}

function isSameAt(item: Typed, { items }: TypedArray, index: number): boolean {
  const other = items[index];
  return other !== undefined && isSame(item, other);
}

function hasSameMembers(a: ReadonlyMap<string, Typed>, b: ReadonlyMap<string, Typed>): boolean {
  if (a.size !== b.size) return false;
  for (const [name, member] of a) {
    const other = b.get(name);
    if (other === undefined || !isSame(member, other)) return false;
  }
  return true;
}
