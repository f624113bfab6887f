import { ZjjError } from '../../errors.js';
import { isDecimalInteger, isInteger } from '../syntax/parse-scalar.js';
import type { TomlInput } from './input.js';
import { literalNode, TomlLiteral } from './literal.js';

/** The types that the command's `--type` accepts, apart from `infer`. */
export type ValueType = 'string' | 'integer' | 'float' | 'boolean' | 'datetime' | 'array' | 'toml';

/**
 * Infers the value of a word on the command line. Text that is a TOML value becomes that value, in the same notation.
 * Any other text is a string.
 *
 * @throws {ZjjError} INVALID_VALUE: the text starts like an array or an inline table but is not one, or it is an
 *   integer beyond 64 bits. CONFIG_LIMIT: see {@link TomlLiteral}.
 * @example
 * inferValue('8080')  // 8080
 * inferValue('0xff')  // new TomlLiteral('0xff')
 * inferValue('hello') // 'hello'
 */
export function inferValue(text: string): TomlInput {
  switch (text[0]) {
    case 't':
    case 'f':
      return text === 'true' || (text !== 'false' && text);
    case 'i':
    case 'n':
      return text === 'inf' || text === 'nan' ? new TomlLiteral(text) : text;
    case '[':
    case '{':
      return new TomlLiteral(text);
    case '"':
    case "'":
      return text.length > 1 && text.endsWith(text[0]) ? (tryLiteral(text) ?? text) : text;
    default:
      return /^[+-]?(?:\d|inf$|nan$)/.test(text) ? inferNumber(text) : text;
  }
}

function inferNumber(text: string): TomlInput {
  // A number, not a literal, so that it becomes a float if it replaces one in the file.
  if (String(Number(text)) === text && Number.isSafeInteger(Number(text))) return Number(text);
  return isInteger(text) ? new TomlLiteral(text) : (tryLiteral(text) ?? text);
}

function tryLiteral(text: string): TomlLiteral | undefined {
  try {
    return new TomlLiteral(text);
  } catch (error) {
    if (error instanceof ZjjError && error.code === 'INVALID_VALUE') return undefined;
    throw error;
  }
}

/**
 * Reads a text as a value of a given type.
 *
 * @param type 'string' takes the text as it is. 'toml' accepts any TOML value. 'float' also accepts an integer, and
 *   makes it a float.
 * @throws {ZjjError} INVALID_VALUE: the text is not a TOML value of that type. CONFIG_LIMIT: see {@link TomlLiteral}.
 * @example
 * valueOfType('1', 'float') // new TomlLiteral('1.0')
 */
export function valueOfType(text: string, type: ValueType): TomlInput {
  if (type === 'string') return text;
  if (type === 'float' && isDecimalInteger(text)) return new TomlLiteral(`${text}.0`);
  if (type === 'toml') return new TomlLiteral(text);
  const literal = tryLiteral(text);
  const actual = literal && literalNode(literal).type;
  if (literal !== undefined && type === actual) return type === 'integer' ? inferNumber(text) : literal;
  // TomlLiteral has a better message for an integer beyond 64 bits and for a broken array.
  if (literal === undefined && /^[[\d+-]/.test(text) && (type === 'integer' || type === 'array')) new TomlLiteral(text);
  const found = actual === undefined ? '' : `, which is of type ${actual}`;
  throw new ZjjError('INVALID_VALUE', `Expected a TOML value of type ${type}, found ${JSON.stringify(text)}${found}`);
}
