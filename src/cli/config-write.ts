import { configPath } from '../config/file/config-path.js';
import { readDocument, readFile } from '../config/file/read.js';
import { type ConfigLocation, locateConfig, locateSources } from '../config/locate.js';
import { type ConfigTransaction, mergeChanges, type PendingChange } from '../config/transaction/merge-changes.js';
import { transact } from '../config/transaction/transaction.js';
import { setLockCommand } from '../lock/internal.js';
import {
  formatKey,
  inferValue,
  parseKey,
  type TomlInput,
  TomlLiteral,
  type TomlValue,
  type ValueType,
  valueOfType,
} from '../toml/index.js';
import type { ConfigAction, ConfigCall } from './arguments.js';
import { type CommandError, keyElsewhere, keyNotFound } from './exit-codes.js';
import { jsonText } from './json.js';
import type { Output } from './output.js';
import { readStandardInput } from './standard-input.js';
import { valueInText } from './values.js';
import { attendWait } from './waiting.js';

type SetAction = Extract<ConfigAction, { name: 'set' }>;
type UnsetAction = Extract<ConfigAction, { name: 'unset' }>;

/** What became of one key. */
interface Change {
  readonly key: string;
  /** What it is now; missing where it is gone. */
  readonly value?: TomlValue;
  /** As the message shows it. */
  readonly shown: string;
}

interface Outcome {
  readonly changes: readonly Change[];
  readonly location: ConfigLocation;
}

type Edit = (transaction: ConfigTransaction) => readonly Change[];

/** `zjj config set`: all values under one lock, or none. */
export async function setKeys(action: SetAction, call: ConfigCall, output: Output): Promise<void> {
  const inputs: { key: string; value: TomlInput }[] = [];
  for (const { key, text } of action.assignments) {
    // The key first: a person should not type a value for one that cannot be.
    const checkedKey = formatKey(parseKey(key));
    inputs.push({ key: checkedKey, value: readValue(text ?? readStandardInput(), action.type) });
  }
  await apply(call, output, action.dryRun, (transaction) =>
    inputs.map(({ key, value }) => {
      transaction.set(key, value);
      const stored = transaction.get(key) ?? '';
      return { key, value: stored, shown: `${key} = ${shownValue(value, stored)}` };
    }),
  );
}

/** `zjj config unset`: all keys under one lock, or, where one is missing, none. */
export async function unsetKeys(action: UnsetAction, call: ConfigCall, output: Output): Promise<void> {
  const keys = action.keys.map((key) => formatKey(parseKey(key)));
  // Else a config that is not there would get a directory and a lock file for nothing.
  const [first] = keys;
  const { path } = locateConfig(call.request);
  if (first !== undefined && readFile(configPath(path)) === undefined) throw notFoundIn(path, first, call);
  await apply(call, output, action.dryRun, (transaction) =>
    keys.map((key) => {
      if (!transaction.unset(key)) throw notFoundIn(path, key, call);
      return { key, shown: key };
    }),
  );
}

/** Reads merge what writes keep apart: a key may be shown, and yet not be in the file that is written. */
function notFoundIn(path: string, key: string, { request }: ConfigCall): CommandError {
  const other = locateSources(request).find(
    (source) => source.path !== path && readDocument(configPath(source.path)).has(parseKey(key)),
  );
  return other === undefined ? keyNotFound(key) : keyElsewhere(key, path, other.path);
}

async function apply(call: ConfigCall, output: Output, isDryRun: boolean, edit: Edit): Promise<void> {
  const outcome = isDryRun ? rehearse(call, edit) : await write(call, output, edit);
  if (output.isQuiet) return;
  if (output.isJson) reportAsJson(outcome, output, isDryRun);
  else report(outcome, output, isDryRun);
}

function readValue(text: string, type: ValueType | 'infer'): TomlInput {
  return type === 'infer' ? inferValue(text) : valueOfType(text, type);
}

/** One transaction, which a signal can end while it waits, and which says so when the wait is long. */
async function write({ request, timeout }: ConfigCall, output: Output, edit: Edit): Promise<Outcome> {
  let location = locateConfig(request);
  const locate = (): string => {
    location = locateConfig(request);
    return configPath(location.path);
  };
  setLockCommand('zjj config');
  const waiting = attendWait(() => location.path, output);
  try {
    const { signal, onWait } = waiting;
    return { changes: await transact(locate, edit, { timeout, signal, onWait }), location };
  } finally {
    waiting.end();
  }
}

/** The same edit on what the file holds now, to show its outcome or its error; nothing is locked or written. */
function rehearse({ request }: ConfigCall, edit: Edit): Outcome {
  const location = locateConfig(request);
  let changes: readonly Change[] = [];
  const change = (transaction: ConfigTransaction): void => {
    changes = edit(transaction);
  };
  const pending: PendingChange = { change, outcome: undefined };
  mergeChanges(readDocument(configPath(location.path)), [pending]);
  if (pending.outcome && 'error' in pending.outcome) throw pending.outcome.error;
  return { changes, location };
}

function report({ changes, location }: Outcome, output: Output, isDryRun: boolean): void {
  const [set, unset] = isDryRun ? ['Would set', 'Would unset'] : ['Set', 'Unset'];
  const deeds = changes.map(({ shown, value }) => `${value === undefined ? unset : set} ${shown}`);
  if (isDryRun) output.printLines(deeds);
  else output.confirm(deeds);
  output.printLines([`  (in ${placeOf(location)})`]);
}

function reportAsJson({ changes, location }: Outcome, output: Output, isDryRun: boolean): void {
  for (const { key, value } of changes) {
    const stored: { value?: TomlValue } = value === undefined ? {} : { value };
    const rehearsed: { dryRun?: boolean } = isDryRun ? { dryRun: true } : {};
    output.print(jsonText({ key, ...stored, path: location.path, ...rehearsed }));
  }
}

/** As it was written where it may be read in several ways, such as 0xff; a string without its quotes. */
function shownValue(input: TomlInput, stored: TomlValue): string {
  return input instanceof TomlLiteral && typeof stored !== 'string' ? input.text : valueInText(stored);
}

function placeOf({ scope, path }: ConfigLocation): string {
  return scope === 'global' || scope === 'project' ? `${scope} config` : path;
}
