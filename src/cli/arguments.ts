import { parseArgs } from 'node:util';
import type { ConfigRequest } from '../config/locate.js';
import { findKeyEnd, type ValueType } from '../toml/index.js';
import { UsageError } from './exit-codes.js';
import type { ColorChoice, Presentation } from './output.js';

/** A key and the text of its value. The text is undefined if the value comes from standard input. */
export interface Assignment {
  readonly key: string;
  readonly text: string | undefined;
}

/** The action that a call of `zjj config` asks for. */
export type ConfigAction =
  | { readonly name: 'help' | 'path' }
  | { readonly name: 'list'; readonly prefix: string | undefined }
  | { readonly name: 'get'; readonly key: string; readonly fallback: string | undefined }
  | {
      readonly name: 'set';
      readonly assignments: readonly Assignment[];
      /** The type to read the values as. */
      readonly type: ValueType | 'infer';
      readonly dryRun: boolean;
    }
  | { readonly name: 'unset'; readonly keys: readonly string[]; readonly dryRun: boolean };

/** A call of `zjj config`. */
export interface ConfigCall {
  readonly action: ConfigAction;
  readonly request: ConfigRequest;
  readonly presentation: Presentation;
  /** The longest wait for the lock, in milliseconds. Undefined for the store's default. */
  readonly timeout: number | undefined;
}

const valueTypes = [
  'infer',
  'string',
  'integer',
  'float',
  'boolean',
  'datetime',
  'array',
  'toml',
] as const satisfies readonly (ValueType | 'infer')[];
const colorChoices = ['auto', 'always', 'never'] as const satisfies readonly ColorChoice[];

const options = {
  global: { type: 'boolean', short: 'g' },
  project: { type: 'boolean' },
  file: { type: 'string', short: 'f' },
  json: { type: 'boolean' },
  type: { type: 'string' },
  default: { type: 'string' },
  'dry-run': { type: 'boolean' },
  quiet: { type: 'boolean', short: 'q' },
  timeout: { type: 'string' },
  color: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** The actions that take these options. Other actions reject them. */
const optionActions: readonly [option: keyof typeof options, actions: readonly ConfigAction['name'][]][] = [
  ['type', ['set']],
  ['default', ['get']],
  ['dry-run', ['set', 'unset']],
];

/**
 * Parses the arguments after `zjj config`.
 *
 * @throws UsageError: the arguments do not fit the synopsis.
 */
export function parseConfigArguments(argv: readonly string[]): ConfigCall {
  const { values, operands } = splitArguments(argv);
  const presentation = {
    json: values.json ?? false,
    quiet: values.quiet ?? false,
    color: oneOf(colorChoices, values.color ?? 'auto', '--color'),
  };
  const request = configRequest(values);
  const timeout = values.timeout === undefined ? undefined : parseDuration(values.timeout);
  if (values.help) return { action: { name: 'help' }, request, presentation, timeout };
  const action = configAction(operands, values);
  for (const [option, actions] of optionActions) {
    if (values[option] !== undefined && !actions.includes(action.name)) {
      throw new UsageError(`Option '--${option}' does not apply to 'zjj config ${action.name}'.`);
    }
  }
  return { action, request, presentation, timeout };
}

/** Whether to report errors as JSON. Works on arguments that do not parse. */
export function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return argv.slice(0, end === -1 ? argv.length : end).includes('--json');
}

type Values = ReturnType<typeof splitArguments>['values'];

function splitArguments(argv: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: argv.map((argument) => (negativeNumber.test(argument) ? shield + argument : argument)),
      options,
      allowPositionals: true,
    });
    for (const name of ['file', 'type', 'default', 'timeout', 'color'] as const) {
      const value = values[name];
      if (value !== undefined) values[name] = unshield(value);
    }
    return { values, operands: positionals.map(unshield) };
  } catch (error) {
    if (error instanceof TypeError && 'code' in error) throw new UsageError(usageMessage(error));
    throw error;
  }
}

/** Hides negative numbers from parseArgs, which takes `-5` for an option. No process argument can contain a NUL. */
const shield = '\0';
const negativeNumber = /^-(?:\.?\d|inf$|nan$)/;

function unshield(argument: string): string {
  return argument.startsWith(shield) ? argument.slice(shield.length) : argument;
}

function usageMessage(error: TypeError & { code?: unknown }): string {
  const [sentence] = error.message.split(/\.(?:\s|$)/);
  const isUnknown = error.code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION';
  return isUnknown ? `${sentence}. Put '--' before a value that begins with '-'.` : `${sentence}.`;
}

function configRequest({ file, global, project }: Values): ConfigRequest {
  if ([file !== undefined, global, project].filter(Boolean).length > 1) {
    throw new UsageError('--file, --global and --project cannot be combined.');
  }
  if (file === '') throw new UsageError("Option '--file' needs the path of a file.");
  if (file !== undefined) return { file };
  if (global) return { scope: 'global' };
  return project ? { scope: 'project' } : {};
}

function configAction(operands: readonly string[], values: Values): ConfigAction {
  const [first, ...rest] = operands;
  switch (first) {
    case undefined:
      return { name: 'list', prefix: undefined };
    case 'list':
      atMost(1, rest, 'list [PREFIX]');
      return { name: 'list', prefix: rest[0] };
    case 'get':
      return getAction(rest, values);
    case 'set':
      return setAction(parseAssignments(rest), values);
    case 'unset':
      if (rest.length === 0) throw synopsisError('unset KEY…');
      return { name: 'unset', keys: rest, dryRun: values['dry-run'] ?? false };
    case 'path':
      atMost(0, rest, 'path');
      return { name: 'path' };
    default:
      atMost(2, operands, '[KEY [VALUE]]');
      return rest[0] === undefined ? getAction(operands, values) : setAction([keyValue(first, rest[0])], values);
  }
}

function getAction(operands: readonly string[], values: Values): ConfigAction {
  const [key] = operands;
  if (key === undefined || operands.length > 1) throw synopsisError('get KEY');
  return { name: 'get', key, fallback: values.default };
}

function setAction(assignments: readonly Assignment[], values: Values): ConfigAction {
  return {
    name: 'set',
    assignments,
    type: oneOf(valueTypes, values.type ?? 'infer', '--type'),
    dryRun: values['dry-run'] ?? false,
  };
}

function parseAssignments(operands: readonly string[]): readonly Assignment[] {
  const [key, text] = operands;
  if (key !== undefined && text !== undefined && operands.length === 2 && findKeyEnd(key, '=') === -1) {
    return [keyValue(key, text)];
  }
  const assignments = operands.map(splitAssignment).filter((assignment) => assignment !== undefined);
  if (assignments.length === 0 || assignments.length < operands.length) {
    throw synopsisError('set KEY VALUE, or set KEY=VALUE…');
  }
  return assignments;
}

/** `KEY VALUE`. The value `-` stands for standard input. */
function keyValue(key: string, text: string): Assignment {
  return { key, text: text === '-' ? undefined : text };
}

/** `KEY=VALUE`. Undefined if the operand has no equals sign. */
function splitAssignment(operand: string): Assignment | undefined {
  const at = findKeyEnd(operand, '=');
  return at === -1 ? undefined : { key: operand.slice(0, at), text: operand.slice(at + 1) };
}

function atMost(count: number, operands: readonly string[], synopsis: string): void {
  if (operands.length > count) throw synopsisError(synopsis);
}

function synopsisError(synopsis: string): UsageError {
  return new UsageError(`Usage: zjj config ${synopsis}. See 'zjj config --help'.`);
}

function oneOf<T extends string>(choices: readonly T[], text: string, option: string): T {
  const choice = choices.find((candidate) => candidate === text);
  if (choice === undefined) throw new UsageError(`Option '${option}' takes ${choices.join(', ')}.`);
  return choice;
}

const millisecondsPer: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000 };

function parseDuration(text: string): number {
  const [, amount, unit = 's'] = /^(\d+(?:\.\d+)?|\.\d+)(ms|s|m)?$/.exec(text) ?? [];
  if (amount === undefined) {
    throw new UsageError("Option '--timeout' takes seconds, or a number with a unit: 500ms, 2s, 1m.");
  }
  return Number(amount) * (millisecondsPer[unit] ?? 1);
}
