/** JavaScript values in, TOML text out: the values that writes accept, their notation, and inference from text. */

import type { TomlScalar } from '../syntax/toml-value.js';
import type { TomlLiteral } from './literal.js';

/**
 * A value that writes accept. A safe integer is written as a TOML integer, unless it replaces a float in the file. A
 * `Date` is written in UTC with `Z`. A plain object is written as an inline table, without its `undefined` members.
 */
export type TomlInput =
  | TomlScalar
  | Date
  | TomlLiteral
  | readonly TomlInput[]
  | { readonly [key: string]: TomlInput | undefined };
