import { configPath } from '../config/file/resolve.js';
import { asWriteFailure } from '../config/file/write-denial.js';
import { type ConfigLocation, type ConfigRequest, locateConfig, locateSources } from '../config/locate.js';
import { type ConfigTransaction, mergeChanges, type PendingChange } from '../config/transaction/merge-changes.js';
import { transact } from '../config/transaction/transact.js';
import { isAbsent } from '../config/write.js';
import { setLockCommand } from '../lock/internal.js';
import type { TomlInput, TomlValue } from '../toml/index.js';
import type { ConfigAction, ConfigCall } from './arguments.js';
import { readConfigAt } from './config-file.js';
import { type CommandError, keyElsewhere, keyNotFound } from './exit-codes.js';
import { jsonText } from './json.js';
import type { Output } from './output.js';
import { readStandardInput } from './standard-input.js';
import { type ConfigKey, readKey, readValue, valueInText } from './values.js';
import { interruptibleWait } from './waiting.js';

type SetAction = Extract<ConfigAction, { name: 'set' }>;
type UnsetAction = Extract<ConfigAction, { name: 'unset' }>;

/** The change of one key. */
interface Change {
  readonly key: string;
  /** The new value. Missing if the key was removed. */
  readonly value?: TomlValue;
  /** The change as the message shows it. */
  readonly shown: string;
}

interface Outcome {
  readonly changes: readonly Change[];
  readonly location: ConfigLocation;
}

type Edit = (transaction: ConfigTransaction) => readonly Change[];

/** `zjj config set`: sets all values under one lock, or none. */
export async function setKeys(action: SetAction, call: ConfigCall, output: Output): Promise<void> {
  const inputs: { key: ConfigKey; value: TomlInput }[] = [];
  for (const { key, text } of action.assignments) {
    // The key is parsed first: a person should not have to type a value for an invalid key.
    inputs.push({ key: readKey(key), value: readValue(text ?? readStandardInput(), action.type) });
  }
  await apply(call, output, action.dryRun, (transaction) =>
    inputs.map(({ key, value }) => {
      transaction.set(key.parts, value);
      const stored = transaction.get(key.parts) ?? '';
      return { key: key.text, value: stored, shown: `${key.text} = ${valueInText(value, stored)}` };
    }),
  );
}

/** `zjj config unset`: removes all keys under one lock, or none if one is missing. */
export async function unsetKeys(action: UnsetAction, call: ConfigCall, output: Output): Promise<void> {
  const keys = action.keys.map(readKey);
  const [first] = keys;
  const { path } = locateForWriting(call.request);
  // Checked first, because a transaction would create a directory and a lock file for a config that does not exist.
  if (first !== undefined && isAbsent(path)) throw notFoundIn(path, first, call);
  await apply(call, output, action.dryRun, (transaction) =>
    keys.map((key) => {
      if (!transaction.unset(key.parts)) throw notFoundIn(path, key, call);
      return { key: key.text, shown: key.text };
    }),
  );
}

/** Reads merge several files, but a write goes to one: a key that reads show may not be in the file that is written. */
function notFoundIn(path: string, key: ConfigKey, { request }: ConfigCall): CommandError {
  const other = locateSources(request).find((source) => source.path !== path && readConfigAt(source).has(key.parts));
  return other === undefined ? keyNotFound(key.text) : keyElsewhere(key.text, path, other.path);
}

async function apply(call: ConfigCall, output: Output, isDryRun: boolean, edit: Edit): Promise<void> {
  const outcome = isDryRun ? dryRun(call, edit) : await write(call, output, edit);
  if (output.isQuiet) return;
  if (output.isJson) reportAsJson(outcome, output, isDryRun);
  else report(outcome, output, isDryRun);
}

function locateForWriting(request: ConfigRequest): ConfigLocation {
  try {
    return locateConfig(request);
  } catch (error) {
    throw asWriteFailure(error);
  }
}

/** Runs the edit in one transaction. A signal ends its wait for the lock, and a long wait prints a notice. */
async function write({ request, timeout }: ConfigCall, output: Output, edit: Edit): Promise<Outcome> {
  let location = locateForWriting(request);
  const locate = (): string => {
    location = locateForWriting(request);
    return configPath(location.path);
  };
  setLockCommand('zjj config');
  const waiting = interruptibleWait(() => location.path, output);
  try {
    const { signal, onWait } = waiting;
    return { changes: await transact(locate, edit, { timeout, signal, onWait }), location };
  } finally {
    waiting.end();
  }
}

/** Runs the edit on the current config, for its outcome or its error. Locks and writes nothing. */
function dryRun({ request }: ConfigCall, edit: Edit): Outcome {
  const location = locateForWriting(request);
  let changes: readonly Change[] = [];
  const change = (transaction: ConfigTransaction): void => {
    changes = edit(transaction);
  };
  const pending: PendingChange = { change, outcome: undefined };
  mergeChanges(readConfigAt(location), [pending]);
  if (pending.outcome && 'error' in pending.outcome) throw pending.outcome.error;
  return { changes, location };
}

function report({ changes, location }: Outcome, output: Output, isDryRun: boolean): void {
  const [set, unset] = isDryRun ? ['Would set', 'Would unset'] : ['Set', 'Unset'];
  const lines = changes.map(({ shown, value }) => `${value === undefined ? unset : set} ${shown}`);
  if (isDryRun) output.printLines(lines);
  else output.printDone(lines);
  output.printLines([`  (in ${placeOf(location)})`]);
}

function reportAsJson({ changes, location }: Outcome, output: Output, isDryRun: boolean): void {
  for (const { key, value } of changes) {
    const newValue: { value?: TomlValue } = value === undefined ? {} : { value };
    const mark: { dryRun?: boolean } = isDryRun ? { dryRun: true } : {};
    output.print(jsonText({ key, ...newValue, path: location.path, ...mark }));
  }
}

function placeOf({ scope, path }: ConfigLocation): string {
  if (scope === 'global') return 'global config';
  // A project's config was found, not named: the person should see which it is.
  return scope === 'project' ? `project config ${path}` : path;
}
