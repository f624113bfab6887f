import { ZjjError } from '../../errors.js';
import { TomlDateTime } from '../syntax/date-time.js';
import { hasLoneSurrogate } from '../syntax/escape.js';
import { formatKey } from '../syntax/key-path.js';
import { integerValue, isInt64, maxDepth, type Typed, type TypedTable } from '../syntax/typed.js';
import type { TomlInput } from './input.js';
import { isToml11, literalNode, TomlLiteral } from './literal.js';

/** In UTF-16 code units. */
const maxStringLength = 10_000_000;

/**
 * Copies the value of a write, so that the caller cannot change it afterwards.
 *
 * @throws {ZjjError} The same errors as {@link formatValue}.
 */
export function copyInput(value: TomlInput): TomlInput {
  // Refuses cycles, and everything else that TOML cannot represent.
  toTyped(value);
  return copyOf(value);
}

function copyOf(value: TomlInput): TomlInput {
  if (typeof value !== 'object' || value instanceof TomlDateTime || value instanceof TomlLiteral) return value;
  if (value instanceof Date) return new Date(value);
  if (Array.isArray(value)) return value.map(copyOf);
  const copy: Record<string, TomlInput> = Object.create(null);
  for (const [name, member] of Object.entries(value)) if (member !== undefined) copy[name] = copyOf(member);
  return copy;
}

/**
 * Converts a table to a typed value that shares nothing with it.
 *
 * @throws {ZjjError} The same errors as {@link formatValue}, and INVALID_VALUE: the value is not a table.
 */
export function toTypedTable(value: TomlInput): TypedTable {
  const typed = toTyped(value);
  if (typed.type !== 'table') {
    throw new ZjjError('INVALID_VALUE', `Expected a table, found a value of type ${typed.type}`);
  }
  return typed;
}

/**
 * Converts the value of a write to a typed value that shares nothing with it.
 *
 * @param depth How many levels are above the value.
 * @throws {ZjjError} The same errors as {@link formatValue}.
 */
export function toTyped(value: unknown, depth = 0): Typed {
  return new InputReader().read(value, depth);
}

class InputReader {
  /** The keys and indexes that lead to the value being read, for messages. */
  readonly #path: (string | number)[] = [];
  readonly #ancestors = new Set<object>();

  read(value: unknown, depth: number): Typed {
    if (depth > maxDepth) throw tooDeep();
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
    if (hasLoneSurrogate(value)) throw this.#error('contains a lone surrogate');
    return value;
  }

  #object(value: object | null, depth: number): Typed {
    if (value === null) throw this.#error('is null');
    if (value instanceof TomlDateTime) return { type: 'datetime', value: withSeconds(value) };
    if (value instanceof TomlLiteral) return this.#literal(value, depth);
    if (value instanceof Date) return { type: 'datetime', value: this.#date(value) };
    if (this.#ancestors.has(value)) throw this.#error('contains itself');
    this.#ancestors.add(value);
    const typed = Array.isArray(value) ? this.#array(value, depth) : this.#table(value, depth);
    this.#ancestors.delete(value);
    return typed;
  }

  #literal(literal: TomlLiteral, depth: number): Typed {
    const node = literalNode(literal);
    if (depth > 0 && depth + depthOf(node) > maxDepth) throw tooDeep();
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
    // A prototype that has no prototype itself is Object.prototype, of this realm or of another.
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
      throw this.#error(`is a ${object.constructor?.name || 'class instance'}, not a plain object`);
    }
    const members = new Map<string, Typed>();
    for (const [name, member] of Object.entries(object)) {
      if (hasLoneSurrogate(name)) throw this.#error('has a key with a lone surrogate');
      if (member !== undefined) members.set(name, this.#member(name, member, depth));
    }
    return { type: 'table', members };
  }

  #member(name: string | number, member: unknown, depth: number): Typed {
    this.#path.push(name);
    const typed = this.read(member, depth + 1);
    this.#path.pop();
    return typed;
  }

  #error(reason: string): ZjjError {
    return new ZjjError('INVALID_VALUE', `${this.#name()} ${reason}: TOML cannot represent it`);
  }

  #name(): string {
    if (this.#path.length === 0) return 'The value';
    return `The value at ${this.#path.map((step) => (typeof step === 'number' ? step : formatKey([step]))).join('.')}`;
  }
}

/** Drops the texts and adds missing seconds, so that the value is written in TOML 1.0. */
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

/** TOML 1.0 requires seconds. */
function withSeconds(time: TomlDateTime): TomlDateTime {
  const text = time.text.replace(/(^|[Tt ])(\d\d:\d\d)(?![:\d])/, '$1$2:00');
  return text === time.text ? time : TomlDateTime.parse(text);
}

function tooDeep(): ZjjError {
  return new ZjjError('CONFIG_LIMIT', `The value is nested deeper than ${maxDepth} levels`);
}

/** How many levels of arrays and tables the value has; 0 for a scalar. */
function depthOf(typed: Typed): number {
  if (typed.type === 'array') return 1 + typed.items.reduce((deepest, item) => Math.max(deepest, depthOf(item)), 0);
  if (typed.type !== 'table') return 0;
  let deepest = 0;
  for (const member of typed.members.values()) deepest = Math.max(deepest, depthOf(member));
  return 1 + deepest;
}
