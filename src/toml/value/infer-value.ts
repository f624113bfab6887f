import { ZjjError } from '../../errors.js';
import { literalNode, TomlLiteral } from './literal.js';
import type { TomlInput } from './values.js';

/** What the `--type` of the command can be, besides inferring. */
export type ValueType = 'string' | 'integer' | 'float' | 'boolean' | 'datetime' | 'array' | 'toml';

const decimalInteger = /^[+-]?(?:0|[1-9](?:_?\d)*)$/;
const anyInteger =
  /^(?:[+-]?(?:0|[1-9](?:_?\d)*)|0x[\dA-Fa-f]+(?:_[\dA-Fa-f]+)*|0o[0-7]+(?:_[0-7]+)*|0b[01]+(?:_[01]+)*)$/;

/**
 * What a word on the command line means: a TOML literal is that value, kept as written, anything else is a string.
 *
 * @throws {ZjjError} INVALID_VALUE: the text starts as an array or inline table and is none, or it is an integer beyond
 *   64 bits. CONFIG_LIMIT: as {@link TomlLiteral}.
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
  // As a number, not a literal, so that it can become a float where the file has one.
  if (String(Number(text)) === text && Number.isSafeInteger(Number(text))) return Number(text);
  return anyInteger.test(text) ? new TomlLiteral(text) : (tryLiteral(text) ?? text);
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
 * What a text means where its type is given.
 *
 * @param type 'string' takes the text as it is, 'toml' any TOML value; 'float' takes an integer too, and gives a float.
 * @throws {ZjjError} INVALID_VALUE: the text is no TOML value of that type. CONFIG_LIMIT: as {@link TomlLiteral}.
 * @example
 * valueOfType('1', 'float') // new TomlLiteral('1.0')
 */
export function valueOfType(text: string, type: ValueType): TomlInput {
  if (type === 'string') return text;
  if (type === 'float' && decimalInteger.test(text)) return new TomlLiteral(`${text}.0`);
  if (type === 'toml') return new TomlLiteral(text);
  const literal = tryLiteral(text);
  const actual = literal && literalNode(literal).type;
  if (literal !== undefined && type === actual) return type === 'integer' ? inferNumber(text) : literal;
  // An integer beyond 64 bits, or an array that is none, has a reason of its own.
  if (literal === undefined && /^[[\d+-]/.test(text) && (type === 'integer' || type === 'array')) new TomlLiteral(text);
  const what = actual === undefined ? 'is none' : `is of type ${actual}`;
  throw new ZjjError('INVALID_VALUE', `Not a TOML ${type}: ${JSON.stringify(text)} ${what}`);
}
