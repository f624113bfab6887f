import type { TomlDateTime } from '../syntax/date-time.js';
import type { TomlLiteral } from './literal.js';

/** One value that is neither array nor table. An integer beyond ±(2^53 − 1) is a bigint. */
export type TomlScalar = string | number | bigint | boolean | TomlDateTime;

/** What a read gives: frozen, objects without prototype, so that `__proto__` is a key as any other. */
export type TomlValue = TomlScalar | readonly TomlValue[] | TomlTable;

/** A table as a read gives it: frozen, without prototype. */
export interface TomlTable {
  readonly [key: string]: TomlValue;
}

/**
 * What a write takes. A safe integral number is written as an integer, unless the file has a float in its place; a
 * `Date` is written in UTC with `Z`; a plain object is written as an inline table, without its `undefined` members.
 */
export type TomlInput =
  | TomlScalar
  | Date
  | TomlLiteral
  | readonly TomlInput[]
  | { readonly [key: string]: TomlInput | undefined };
