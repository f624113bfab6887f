import { ZjjError } from '../../errors.js';
import { TomlDateTime } from './date-time.js';
import { type ScalarNode, SyntaxFault } from './syntax.js';
import { integerValue, isInt64 } from './typed.js';

/** No integer of 64 bits and no float needs more; without it, a conversion would cost the square of the length. */
export const maxNumberLength = 1000;

const wordAhead = /[\w.:+-]*/y;
const timeAhead = / \d\d:[\d.:]*(?:[Zz]|[+-][\d:]*)?/y;
const dateOrTime = /^(?:\d{4}-\d\d-\d\d|\d\d:)/;
const date = /^\d{4}-\d\d-\d\d$/;
const decimal = /^[+-]?(?:0|[1-9](?:_?\d)*)$/;
const prefixed = /^0(?:x[\dA-Fa-f]+(?:_[\dA-Fa-f]+)*|o[0-7]+(?:_[0-7]+)*|b[01]+(?:_[01]+)*)$/;
const float = /^[+-]?(?:0|[1-9](?:_?\d)*)(?:\.\d(?:_?\d)*)?(?:[eE][+-]?\d(?:_?\d)*)?$/;
const notFinite = /^([+-]?)(inf|nan)$/;

/** The boolean, number, date or time at an offset. Throws {@link SyntaxFault}. */
export function parseScalar(text: string, start: number): ScalarNode {
  const word = wordAt(text, start);
  const end = start + word.length;
  if (word === 'true' || word === 'false') return { type: 'boolean', value: word === 'true', start, end };
  if (dateOrTime.test(word)) return { type: 'datetime', value: parseDate(word, start), start, end };
  if (decimal.test(word) || prefixed.test(word)) {
    return { type: 'integer', value: parseInteger(word.replaceAll('_', ''), start), start, end };
  }
  if (float.test(word)) return { type: 'float', value: Number(word.replaceAll('_', '')), start, end };
  const [, sign, name] = notFinite.exec(word) ?? [];
  if (name === undefined) throw new SyntaxFault(word === '' ? 'A value is missing' : 'This is no TOML value', start);
  const value = name === 'nan' ? Number.NaN : sign === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return { type: 'float', value, start, end };
}

function wordAt(text: string, start: number): string {
  wordAhead.lastIndex = start;
  const word = wordAhead.exec(text)?.[0] ?? '';
  if (word.length > maxNumberLength) {
    throw new SyntaxFault(`A number of more than ${maxNumberLength} characters`, start, true);
  }
  if (!date.test(word)) return word;
  timeAhead.lastIndex = start + word.length;
  return word + (timeAhead.exec(text)?.[0] ?? '');
}

function parseDate(word: string, start: number): TomlDateTime {
  try {
    return TomlDateTime.parse(word);
  } catch (error) {
    throw error instanceof ZjjError ? new SyntaxFault(error.message, start) : error;
  }
}

function parseInteger(digits: string, start: number): number | bigint {
  // 15 characters are exact, and adding 0 takes the sign from a zero.
  if (digits.length <= 15) return Number(digits) + 0;
  const integer = BigInt(digits.replace(/^\+/, ''));
  if (!isInt64(integer)) throw new SyntaxFault('An integer must fit into 64 bits', start);
  return integerValue(integer);
}
