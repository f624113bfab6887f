import { ConfigInvalidError, type StandardIssue } from '../errors.js';
import { formatKey, type TomlTable } from '../toml/index.js';
import { frozenCopy, mutableCopy } from './tables.js';

/**
 * The part of Standard Schema v1 that the store uses. Schemas of zod, valibot, arktype and others implement it. The
 * schema must validate synchronously.
 *
 * @see https://standardschema.dev
 */
export interface StandardSchema<Output, Input = Output> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
    validate(value: unknown): unknown;
  };
}

/** The result of a Standard Schema's `validate`. A segment of a path is a key, or an object with the key. */
type Answer =
  | { readonly value: unknown; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string; readonly path?: readonly unknown[] | undefined }[] };

/** @throws TypeError: `schema` is not a Standard Schema. */
export function checkSchema(schema: StandardSchema<unknown>): void {
  const standard: Partial<StandardSchema<unknown>['~standard']> | undefined = schema?.['~standard'];
  if (standard?.version !== 1 || typeof standard.validate !== 'function') {
    throw new TypeError('schema must be a Standard Schema, version 1, such as those of zod, valibot and arktype');
  }
}

/**
 * Validates a config.
 *
 * @param failure - The start of the error message, before the issues.
 * @returns The schema's output. Its tables and arrays are frozen, as in all values that are read.
 * @throws ConfigInvalidError CONFIG_INVALID. TypeError: the schema is asynchronous, or its output is not an object. Also
 *   whatever a function in the schema throws. (zod returns a promise in that case, so it is the TypeError.)
 */
export function validate(schema: StandardSchema<unknown>, tree: TomlTable, path: string, failure: string): object {
  // arktype builds its output in its input, so the input must be a copy.
  const answer = schema['~standard'].validate(mutableCopy(tree)) as Answer | PromiseLike<unknown>;
  if ('then' in answer) {
    // Nothing else handles its rejection.
    answer.then(undefined, () => {});
    throw new TypeError('The schema returned a promise, but a config is validated under its lock and must not wait');
  }
  if (answer.issues !== undefined) {
    // Not issues.map: arktype's array subclass would return another of its kind.
    const issues = Array.from(answer.issues, ({ message, path: segments = [] }) =>
      Object.freeze({ message, path: Object.freeze(Array.from(segments, keyOf)) }),
    );
    throw new ConfigInvalidError(`${failure}: ${describe(issues)}`, { path, issues: Object.freeze(issues) });
  }
  const output = frozenCopy(answer.value);
  if (typeof output !== 'object' || output === null) throw new TypeError('The output of the schema must be an object');
  return output;
}

/** Takes only the key of an object. valibot's segments also contain the values, which may be secrets. */
function keyOf(segment: unknown): PropertyKey {
  return (typeof segment === 'object' && segment !== null ? (segment as { key: unknown }).key : segment) as PropertyKey;
}

/** The most issues that a message names. */
const NAMED_ISSUES = 5;

function describe(issues: readonly StandardIssue[]): string {
  const named = issues.slice(0, NAMED_ISSUES).map(({ message, path = [] }) => {
    const key = describeKey(path);
    return key === '' || message.startsWith(`${key} `) ? message : `${key}: ${message}`;
  });
  const others = issues.length - named.length;
  return others > 0 ? `${named.join('; ')}; and ${others} more` : named.join('; ');
}

/** A TOML key path, with `[index]` for an array element. */
function describeKey(path: readonly PropertyKey[]): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else text += (text === '' ? '' : '.') + formatKey([String(part)]);
  }
  return text;
}
