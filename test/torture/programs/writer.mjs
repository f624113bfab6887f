// A process with several writers. Each calls the store again and again until the round ends, and keeps a journal. A
// writer does not end before one of its calls has been acknowledged: every writer must be able to write in the end.
//
//   writer.mjs TASK      JSON: see startWriter in round.mjs

import { unlinkSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { Random } from '../../support/random.mjs';
import { Journal } from '../journal.mjs';
import { ENDING_SIGNALS, EXIT_ON_SIGNAL } from '../signals.mjs';
import { command, isForCommand } from './command.mjs';
import { waitForStart } from './start.mjs';

/** How often writers of new directories turn to others. */
const NEW_DIRECTORY_MS = 50;

const zjj = createRequire(import.meta.url)('../../../dist/index.js');
const task = isMainThread ? JSON.parse(process.argv[2]) : workerData;
if (isMainThread) await prepare();
// Before the start: later, a descriptor may not be available.
const writers = task.form === 'threads' ? [] : task.writers.map(openJournal);
const endTime = isMainThread ? await waitForStart() : task.endTime;
const isSync = task.form === 'sync';
const store = storeOf(task.form);

if (task.form === 'threads') {
  // One thread per form. The threads share the process, its locks and its signals.
  for (const form of ['sync', 'async']) {
    const isInThread = (_, index) => index % 2 === (form === 'sync' ? 0 : 1);
    new Worker(new URL(import.meta.url), {
      workerData: { ...task, form, endTime, writers: task.writers.filter(isInThread) },
    });
  }
} else {
  await Promise.all(writers.map(write));
}

/** Makes this process one that lives as the plan says. */
async function prepare() {
  // Starts the threads of libuv's pool, and loads the addon: a user without rights may not be able to.
  await stat(import.meta.dirname);
  const lock = join(task.scratch, `warm-up-${process.pid}.lock`);
  zjj.tryLock(lock)?.release();
  unlinkSync(lock);
  if (task.isShared) process.umask(0);
  // Otherwise a write beyond the limit kills the process.
  if (task.outlivesLimits) process.on('SIGXFSZ', () => {});
  if (task.exitsOnSignals) for (const signal of ENDING_SIGNALS) process.on(signal, () => process.exit(EXIT_ON_SIGNAL));
  if (task.user === undefined) return;
  process.setgroups([]);
  process.setgid(task.user);
  process.setuid(task.user);
}

function openJournal(writer) {
  return { ...writer, journal: new Journal(writer.journal) };
}

function storeOf(form) {
  if (form === 'command') return command;
  return form === 'sync'
    ? { set: zjj.setConfigValueSync, unset: zjj.unsetConfigValueSync, update: zjj.updateConfigSync }
    : { set: zjj.setConfigValue, unset: zjj.unsetConfigValue, update: zjj.updateConfig };
}

async function write({ id, names, nested, journal, calls, seed }) {
  const random = new Random(seed);
  /** The value of `set.ID`, if it is certain. */
  let known;
  let isDone = false;
  for (let number = calls + 1; !isDone || Date.now() < endTime; number++) {
    const kind = random.pick(task.form === 'command' ? task.kinds.filter(isForCommand) : task.kinds);
    // Sometimes the value is the stored one, and the set writes nothing.
    const value = kind === 'set' && known !== undefined && random.chance(0.1) ? known : number;
    const name = nested === undefined ? random.pick(names) : nestedName(nested);
    journal.intend(number, kind, kind === 'flag' && number % 2 === 1 ? null : value);
    if (kind === 'set') known = undefined;
    const start = performance.now();
    try {
      const result = await perform(name, id, kind, value, optionsOf(random));
      journal.acknowledge(number, result, Math.round(performance.now() - start));
      if (kind === 'set') known = value;
      isDone = true;
    } catch (error) {
      journal.refuse(number, failureOf(error));
      if (error.code === undefined && error.name !== 'TimeoutError') console.error(error);
    }
    if (known !== undefined && task.mayRead && random.chance(0.05)) {
      const seen = zjj.getConfigValueSync(name, ['set', id]);
      if (seen !== known) journal.violate(`set.${id} is ${seen} after ${known} was acknowledged`);
    }
    if (random.chance(task.pauses)) await new Promise((resolve) => setTimeout(resolve, random.between(0, 3)));
  }
}

/** Makes the call in the form of this process. */
function perform(path, id, kind, value, options) {
  switch (kind) {
    case 'set':
      return store.set(path, ['set', id], value, options);
    case 'flag':
      return value % 2 === 1 ? store.unset(path, ['flag', id], options) : store.set(path, ['flag', id], value, options);
    case 'mark':
      return store.set(path, ['marks', `${id}_${value}`], value, options);
    case 'pair':
      return store.update(
        path,
        (config) => {
          config.set(['pair_a', id], value);
          config.set(['pair_b', id], value);
        },
        options,
      );
    case 'count':
      return store.update(path, (config) => increment(config, id, value), options);
    default:
      throw new Error(`unknown kind: ${kind}`);
  }
}

/** Increments the counters. Returns the writer's count with this increment, and the number of its previous one. */
function increment(config, id, number) {
  const count = (config.get(['count', id]) ?? 0) + 1;
  const last = config.get(['last', id]) ?? 0;
  config.set('total', (config.get('total') ?? 0) + 1);
  config.set(['count', id], count);
  config.set(['last', id], number);
  return [count, last];
}

function optionsOf(random) {
  const options = {};
  if (task.timeoutMs !== undefined) options.timeout = task.timeoutMs;
  if (!isSync && task.aborts && random.chance(0.05)) options.signal = AbortSignal.timeout(random.between(1, 20));
  return options;
}

function failureOf(error) {
  const isWritten = /may not survive a power loss/.test(error.message);
  const code = error.name === 'TimeoutError' ? 'ABORTED' : (error.code ?? String(error));
  return { code, cause: error.cause?.code, isWritten };
}

/** A config in directories that nobody has made yet, and that all writers make at once. */
function nestedName(directory) {
  return join(directory, String(Math.floor(Date.now() / NEW_DIRECTORY_MS)), 'a', 'b', 'config.toml');
}
