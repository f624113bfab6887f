import { ZjjError } from '../../errors.js';
import { TomlDateTime } from './date-time.js';
import { skip } from './skip.js';
import { type ScalarNode, SyntaxFault } from './syntax.js';
import { integerValue, isInt64 } from './typed.js';

/** No 64-bit integer and no float needs more. Without a limit, a conversion takes time quadratic in the length. */
export const maxNumberLength = 1000;

const wordCharacters = /[\w.:+-]*/y;
const spaceAndTime = / \d\d:[\d.:]*(?:[Zz]|[+-][\d:]*)?/y;
const dateOrTime = /^(?:\d{4}-\d\d-\d\d|\d\d:)/;
const date = /^\d{4}-\d\d-\d\d$/;
const decimal = /^[+-]?(?:0|[1-9](?:_?\d)*)$/;
const prefixed = /^0(?:x[\dA-Fa-f]+(?:_[\dA-Fa-f]+)*|o[0-7]+(?:_[0-7]+)*|b[01]+(?:_[01]+)*)$/;
const float = /^[+-]?(?:0|[1-9](?:_?\d)*)(?:\.\d(?:_?\d)*)?(?:[eE][+-]?\d(?:_?\d)*)?$/;
const notFinite = /^([+-]?)(inf|nan)$/;

/** Reads the boolean, number, date or time at an offset. Throws {@link SyntaxFault}. */
export function parseScalar(text: string, start: number): ScalarNode {
  const word = wordAt(text, start);
  const end = start + word.length;
  if (word === 'true' || word === 'false') return { type: 'boolean', value: word === 'true', start, end };
  if (dateOrTime.test(word)) return { type: 'datetime', value: parseDate(word, start), start, end };
  if (isInteger(word)) return { type: 'integer', value: parseInteger(word.replaceAll('_', ''), start), start, end };
  if (float.test(word)) return { type: 'float', value: Number(word.replaceAll('_', '')), start, end };
  const [, sign, name] = notFinite.exec(word) ?? [];
  if (name === undefined) throw new SyntaxFault(word === '' ? 'Missing value' : 'Invalid value', start);
  const value = name === 'nan' ? Number.NaN : sign === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return { type: 'float', value, start, end };
}

/** True if the text has the form of a TOML integer, of any size. */
export function isInteger(text: string): boolean {
  return decimal.test(text) || prefixed.test(text);
}

/** True if the text has the form of a TOML integer without a 0x, 0o or 0b prefix, of any size. */
export function isDecimalInteger(text: string): boolean {
  return decimal.test(text);
}

/** The characters up to the end of the value. A space may separate a date from its time. */
function wordAt(text: string, start: number): string {
  const end = skip(text, start, wordCharacters);
  if (end - start > maxNumberLength) {
    throw new SyntaxFault(`A number cannot have more than ${maxNumberLength} characters`, start, true);
  }
  const word = text.slice(start, end);
  return date.test(word) ? text.slice(start, skip(text, end, spaceAndTime)) : word;
}

function parseDate(word: string, start: number): TomlDateTime {
  try {
    return TomlDateTime.parse(word);
  } catch (error) {
    throw error instanceof ZjjError ? new SyntaxFault(error.message, start) : error;
  }
}

function parseInteger(digits: string, start: number): number | bigint {
  // A number is exact up to 15 characters. Adding 0 turns -0 into 0.
  if (digits.length <= 15) return Number(digits) + 0;
  const integer = BigInt(digits.replace(/^\+/, ''));
  if (!isInt64(integer)) throw new SyntaxFault('The integer does not fit into 64 bits', start);
  return integerValue(integer);
}
