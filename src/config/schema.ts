import { ConfigInvalidError, type StandardIssue } from '../errors.js';
import { formatKey, type TomlTable } from '../toml/index.js';
import { frozenCopy, mutableCopy } from './tables.js';

/**
 * The part of Standard Schema v1 that the store uses: schemas of zod, valibot, arktype and others fit. It must validate
 * synchronously.
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

/** What `validate` of Standard Schema answers. A segment of a path is a key, or an object that has it. */
type Answer =
  | { readonly value: unknown; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string; readonly path?: readonly unknown[] | undefined }[] };

/** @throws TypeError: it is no schema. */
export function checkSchema(schema: StandardSchema<unknown>): void {
  const standard: Partial<StandardSchema<unknown>['~standard']> | undefined = schema?.['~standard'];
  if (standard?.version !== 1 || typeof standard.validate !== 'function') {
    throw new TypeError('schema must be a Standard Schema of version 1, as those of zod, valibot and arktype are');
  }
}

/**
 * What a schema makes of a config.
 *
 * @param failure - What to say before the issues.
 * @returns Its output; tables and arrays in it frozen, as in what is read.
 * @throws ConfigInvalidError CONFIG_INVALID. TypeError: it validates asynchronously, or its output is no object. What a
 *   function in it throws; of that zod makes a promise.
 */
export function validate(schema: StandardSchema<unknown>, tree: TomlTable, path: string, failure: string): object {
  // A schema may build its output in its input: arktype does.
  const answer = schema['~standard'].validate(mutableCopy(tree)) as Answer | PromiseLike<unknown>;
  if ('then' in answer) {
    // Nobody else will see how it ends.
    answer.then(undefined, () => {});
    throw new TypeError('The schema answered with a promise: a config is validated under its lock, which cannot wait');
  }
  if (answer.issues !== undefined) {
    // Not map: on the arrays of arktype, which are of classes of its own, it gives such again.
    const issues = Array.from(answer.issues, ({ message, path: segments = [] }) =>
      Object.freeze({ message, path: Object.freeze(Array.from(segments, keyOf)) }),
    );
    throw new ConfigInvalidError(`${failure}: ${describe(issues)}`, { path, issues: Object.freeze(issues) });
  }
  const output = frozenCopy(answer.value);
  if (typeof output !== 'object' || output === null) throw new TypeError('The output of the schema must be an object');
  return output;
}

/** Of an object it takes the key alone: valibot's also has the values, which may be secrets and need not be in a log. */
function keyOf(segment: unknown): PropertyKey {
  return (typeof segment === 'object' && segment !== null ? (segment as { key: unknown }).key : segment) as PropertyKey;
}

/** How many issues a message names. */
const NAMED_ISSUES = 5;

function describe(issues: readonly StandardIssue[]): string {
  const named = issues.slice(0, NAMED_ISSUES).map(({ message, path = [] }) => {
    const key = describeKey(path);
    return key === '' || message.startsWith(`${key} `) ? message : `${key}: ${message}`;
  });
  const others = issues.length - named.length;
  return others > 0 ? `${named.join('; ')}; and ${others} more` : named.join('; ');
}

/** As in TOML, and `[index]` for a place in an array. */
function describeKey(path: readonly PropertyKey[]): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else text += (text === '' ? '' : '.') + formatKey([String(part)]);
  }
  return text;
}
