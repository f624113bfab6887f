import type { TomlDateTime } from './date-time.js';

/** A value that is neither an array nor a table. An integer beyond ±(2^53 − 1) is a bigint. */
export type TomlScalar = string | number | bigint | boolean | TomlDateTime;

/** A value as reads return it. Arrays and tables are frozen. A table has no prototype, so `__proto__` is just a key. */
export type TomlValue = TomlScalar | readonly TomlValue[] | TomlTable;

/** A table as reads return it: frozen, without a prototype. */
export interface TomlTable {
  readonly [key: string]: TomlValue;
}

/** True if a value that was read is a table. Of the values that reads return, only tables have no prototype. */
export function isTable(value: unknown): value is TomlTable {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === null;
}
