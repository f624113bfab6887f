import { ZjjError } from '../../errors.js';
import { TomlDateTime } from '../syntax/date-time.js';
import { formatKey } from '../syntax/key-path.js';
import { hasLoneSurrogate, quoteBasic } from '../syntax/text.js';
import { integerValue, isInt64, maxDepth, type Typed, type TypedScalar, toTable } from '../syntax/typed.js';
import { isToml11, literalNode, TomlLiteral } from './literal.js';
import type { TomlInput, TomlTable, TomlValue } from './values.js';

/** In UTF-16 code units. */
const maxStringLength = 10_000_000;

/**
 * The TOML text of a value, on one line unless it holds a {@link TomlLiteral} of several; tables are inline.
 *
 * @throws {ZjjError} INVALID_VALUE: TOML cannot say it: null, undefined in an array, a function, a class instance, an
 *   integer beyond 64 bits, a Date outside the years 0 to 9999, a cycle. CONFIG_LIMIT: nested deeper than 1,000 levels, or
 *   a string of more than 10,000,000 characters.
 * @example
 * formatValue({ port: 8080, hosts: ['a', 'b'] }) // '{ port = 8080, hosts = ["a", "b"] }'
 */
export function formatValue(value: TomlInput | TomlValue): string {
  return formatTyped(toTyped(value));
}

/**
 * What a write was given, as it is now: nothing in it can change any more.
 *
 * @throws {ZjjError} as {@link formatValue}
 */
export function copyInput(value: TomlInput): TomlInput {
  // Refuses cycles and all that TOML cannot say.
  toTyped(value);
  return copyOf(value);
}

/**
 * A table as reads give it: frozen, without prototypes, sharing nothing with what was given.
 *
 * @throws {ZjjError} as {@link formatValue}, and INVALID_VALUE: it is no table.
 */
export function frozenTable(value: TomlInput): TomlTable {
  const typed = toTyped(value);
  if (typed.type !== 'table')
    throw new ZjjError('INVALID_VALUE', `A table is expected, not a value of type ${typed.type}`);
  return toTable(typed.members);
}

function copyOf(value: TomlInput): TomlInput {
  if (typeof value !== 'object' || value instanceof TomlDateTime || value instanceof TomlLiteral) return value;
  if (value instanceof Date) return new Date(value);
  if (Array.isArray(value)) return value.map(copyOf);
  const copy: Record<string, TomlInput> = Object.create(null);
  for (const [name, member] of Object.entries(value)) if (member !== undefined) copy[name] = copyOf(member);
  return copy;
}

export function formatTyped(typed: Typed): string {
  if (typed.text !== undefined) return typed.text;
  if (typed.type === 'array') return `[${typed.items.map(formatTyped).join(', ')}]`;
  if (typed.type !== 'table') return formatScalar(typed);
  if (typed.members.size === 0) return '{}';
  const members = Array.from(typed.members, ([name, member]) => `${formatKey([name])} = ${formatTyped(member)}`);
  return `{ ${members.join(', ')} }`;
}

function formatScalar({ type, value }: TypedScalar): string {
  if (typeof value === 'string') return quoteBasic(value);
  return type === 'float' ? formatFloat(Number(value)) : String(value);
}

function formatFloat(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (Object.is(value, -0)) return '-0.0';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/**
 * What a write was given, as a typed value that shares nothing with it.
 *
 * @param depth How many levels are above the value.
 * @throws {ZjjError} as {@link formatValue}
 */
export function toTyped(value: unknown, depth = 0): Typed {
  return new InputReader().read(value, depth);
}

class InputReader {
  /** The way from the whole value to the one being read, for messages. */
  readonly #way: (string | number)[] = [];
  readonly #above = new Set<object>();

  read(value: unknown, depth: number): Typed {
    if (depth > maxDepth) {
      throw new ZjjError('CONFIG_LIMIT', `A value is nested deeper than ${maxDepth} levels`);
    }
    switch (typeof value) {
      case 'string':
        return { type: 'string', value: this.#string(value) };
      case 'boolean':
        return { type: 'boolean', value };
      case 'bigint':
        if (!isInt64(value)) throw this.#error('is an integer beyond 64 bits');
        return { type: 'integer', value: integerValue(value) };
      case 'number':
        return { type: Number.isSafeInteger(value) && !Object.is(value, -0) ? 'integer' : 'float', value };
      case 'object':
        return this.#object(value, depth);
      default:
        throw this.#error(`is ${value === undefined ? 'undefined' : `a ${typeof value}`}`);
    }
  }

  #string(value: string): string {
    if (value.length > maxStringLength) {
      throw new ZjjError('CONFIG_LIMIT', `${this.#name()} is a string of more than ${maxStringLength} characters`);
    }
    if (hasLoneSurrogate(value)) throw this.#error('holds half of a surrogate pair, which is no character');
    return value;
  }

  #object(value: object | null, depth: number): Typed {
    if (value === null) throw this.#error('is null');
    if (value instanceof TomlDateTime) return { type: 'datetime', value: withSeconds(value) };
    if (value instanceof TomlLiteral) return this.#literal(value, depth);
    if (value instanceof Date) return { type: 'datetime', value: this.#date(value) };
    if (this.#above.has(value)) throw this.#error('contains itself');
    this.#above.add(value);
    const typed = Array.isArray(value) ? this.#array(value, depth) : this.#table(value, depth);
    this.#above.delete(value);
    return typed;
  }

  #literal(literal: TomlLiteral, depth: number): Typed {
    const node = literalNode(literal);
    if (depth > 0 && depth + depthOf(node) > maxDepth) {
      throw new ZjjError('CONFIG_LIMIT', `A value is nested deeper than ${maxDepth} levels`);
    }
    return isToml11(literal) ? asToml10(node) : { ...node, text: literal.text };
  }

  #date(date: Date): TomlDateTime {
    const year = date.getUTCFullYear();
    if (Number.isNaN(year)) throw this.#error('is an invalid Date');
    if (year < 0 || year > 9999) throw this.#error('is a Date outside the years 0 to 9999');
    return TomlDateTime.parse(date.toISOString().replace('.000Z', 'Z'));
  }

  #array(array: readonly unknown[], depth: number): Typed {
    return { type: 'array', items: Array.from(array, (item, index) => this.#member(index, item, depth)) };
  }

  #table(object: object, depth: number): Typed {
    const prototype: unknown = Object.getPrototypeOf(object);
    // A prototype without a prototype is Object.prototype, be it of this realm or of another.
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
      throw this.#error(`is a ${object.constructor?.name || 'class instance'}, not a plain object`);
    }
    const members = new Map<string, Typed>();
    for (const [name, member] of Object.entries(object)) {
      if (hasLoneSurrogate(name)) throw this.#error('has a key with half of a surrogate pair, which is no character');
      if (member !== undefined) members.set(name, this.#member(name, member, depth));
    }
    return { type: 'table', members };
  }

  #member(name: string | number, member: unknown, depth: number): Typed {
    this.#way.push(name);
    const typed = this.read(member, depth + 1);
    this.#way.pop();
    return typed;
  }

  #error(reason: string): ZjjError {
    return new ZjjError('INVALID_VALUE', `${this.#name()} ${reason}: TOML cannot say that`);
  }

  #name(): string {
    if (this.#way.length === 0) return 'The value';
    return `The value at ${this.#way.map((step) => (typeof step === 'number' ? step : formatKey([step]))).join('.')}`;
  }
}

/** The same value, to be written as TOML 1.0 says it. */
function asToml10(typed: Typed): Typed {
  switch (typed.type) {
    case 'array':
      return { type: 'array', items: typed.items.map(asToml10) };
    case 'table':
      return {
        type: 'table',
        members: new Map(Array.from(typed.members, ([name, member]) => [name, asToml10(member)])),
      };
    case 'datetime':
      return { type: 'datetime', value: withSeconds(typed.value as TomlDateTime) };
    default:
      return { type: typed.type, value: typed.value };
  }
}

function withSeconds(time: TomlDateTime): TomlDateTime {
  const text = time.text.replace(/(^|[Tt ])(\d\d:\d\d)(?![:\d])/, '$1$2:00');
  return text === time.text ? time : TomlDateTime.parse(text);
}

function depthOf(typed: Typed): number {
  if (typed.type === 'array') return 1 + typed.items.reduce((deepest, item) => Math.max(deepest, depthOf(item)), 0);
  if (typed.type !== 'table') return 0;
  let deepest = 0;
  for (const member of typed.members.values()) deepest = Math.max(deepest, depthOf(member));
  return 1 + deepest;
}
