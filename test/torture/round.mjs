// One round: starts the processes of its plan, disturbs them, and verifies the result.

import { spawn, spawnSync } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Random } from '../support/random.mjs';
import { findFaults, findRegressions, findTextFaults, growingNumbers } from './content.mjs';
import { readEnd, readJournal } from './journal.mjs';
import { makePlan, prepare } from './plan.mjs';
import { allowAll, changeModes, deleteLocks, fillDisk, swapFolders, swapLocks } from './saboteurs/files.mjs';
import { killWriters, limitWriters, stopHolders } from './saboteurs/processes.mjs';
import { ENDING_SIGNALS, EXIT_ON_SIGNAL, send } from './signals.mjs';
import {
  findConfigs,
  findLitter,
  findMarkFaults,
  findRefusedValues,
  findValueFaults,
  verifyWriters,
} from './verify.mjs';

const zjj = createRequire(import.meta.url)('../../dist/index.js');

/** How long a process may take to end after the round: the longest wait, plus a margin for a busy machine. */
const END_MS = 90_000;

/** How often everybody gets access again while the writers of a round end. */
const ALLOW_MS = 100;

/**
 * @param mode - One of MODES.
 * @param directory - An empty directory.
 * @returns `{ faults, figures }`.
 */
export async function runRound({ seed, mode, seconds, directory }) {
  const plan = makePlan(new Random(seed), mode, directory);
  const round = new Round(plan, mode, seconds);
  prepare(plan, mode);
  try {
    process.on('exit', round.kill);
    await round.run();
    return { faults: round.faults, figures: round.figures };
  } finally {
    process.off('exit', round.kill);
    if (mode.fillsDisk) {
      cpSync(plan.disk, join(directory, 'files-on-disk'), { recursive: true, verbatimSymlinks: true });
      spawnSync('umount', ['-l', plan.disk]);
    }
  }
}

class Round {
  faults = [];
  figures = {
    ...{ acknowledged: 0, reads: 0, kills: 0, stops: 0, limits: 0 },
    ...{ deletes: 0, fills: 0, swaps: 0, chmods: 0, longestMs: 0, codes: {} },
  };
  #plan;
  #mode;
  #seconds;
  #endTime = Number.POSITIVE_INFINITY;
  /** The processes of the writers that have begun and are still alive. */
  #crew = [];
  /** Every process of the round, including replacements, with a promise of its end. */
  #started = [];

  constructor(plan, mode, seconds) {
    this.#plan = plan;
    this.#mode = mode;
    this.#seconds = seconds;
  }

  async run() {
    const { configs, processes } = this.#plan;
    const all = [
      ...processes.map((task) => this.#startWriter(task)),
      ...configs.flatMap((config) => this.#startOthers(config)),
    ];
    await Promise.all(all.map(({ ready }) => ready));
    this.#endTime = Date.now() + this.#seconds * 1000;
    for (const { begin } of all) begin();
    await Promise.all(this.#sabotage());
    await this.#end();
    this.figures.longestMs = Math.max(...configs.map((config) => this.#verify(config)));
  }

  /** Kills all processes, including stopped ones, when this program has to end. */
  kill = () => {
    for (const { child } of this.#started) send(-child.pid, 'SIGKILL');
  };

  #startWriter(task) {
    const writers = task.writers.map((writer) => ({ ...writer, calls: readLastCall(writer.journal) }));
    const { timeoutMs, journals: scratch } = this.#plan;
    const kinds = this.#mode.kinds ?? ['set', 'set', 'pair', 'count', 'count', 'flag'];
    const aborts = this.#mode.stops === true;
    const mayRead = !this.#mode.chmods && !this.#mode.limits && kinds.includes('set');
    const all = { ...task, writers, timeoutMs, kinds, aborts, mayRead, scratch };
    const { child, ready, begin } = this.#start('writer.mjs', all);
    child.on('exit', () => {
      this.#crew = this.#crew.filter((each) => each !== child);
    });
    // Not before the commands that it started have ended as well: they write under the same names.
    child.on('close', (code, signal) => {
      if (this.#wasEnded(code, signal) && Date.now() < this.#endTime) this.#replaceWriter(task);
    });
    return {
      ready,
      begin: () => {
        this.#crew.push(child);
        begin();
      },
    };
  }

  /** Whether a writer ended in a way that its mode intends. */
  #wasEnded(code, signal) {
    if (this.#mode.limits && signal === 'SIGXFSZ') return true;
    return this.#mode.kills === true && (['SIGKILL', ...ENDING_SIGNALS].includes(signal) || code === EXIT_ON_SIGNAL);
  }

  #replaceWriter(task) {
    const { ready, begin } = this.#startWriter(task);
    ready.then(begin);
  }

  #startOthers({ path, link, lock, isSealed, editorJournal, editorSeed, readerSeed, writers }) {
    const { kinds, edits, deletesEveryMs, chmods } = this.#mode;
    const started = [];
    // In a folder that it may not search, a reader without rights finds no config.
    const mayRead = kinds === undefined && !(chmods && process.geteuid?.() !== 0);
    if (mayRead && writers.length > 0) {
      const reader = { names: [path, link], isSealed, seed: readerSeed, writers };
      started.push(this.#start('reader.mjs', reader, (json) => this.#noteReads(path, JSON.parse(json))));
    }
    if (edits) started.push(this.#start('editor.mjs', { path, journal: editorJournal, seed: editorSeed }));
    if (deletesEveryMs !== undefined) {
      const noteDeletes = (count) => {
        this.figures.deletes += Number(count);
      };
      started.push(this.#start('deleter.mjs', { paths: [lock], everyMs: deletesEveryMs }, noteDeletes));
    }
    return started;
  }

  /** Starts a program of this folder. It must succeed unless it is killed. Its last line of output is its result. */
  #start(program, task, onResult) {
    const path = join(import.meta.dirname, 'programs', program);
    // A group of its own: a signal to a writer also reaches the commands that it started.
    const child = spawn(process.execPath, [path, JSON.stringify(task)], { detached: true });
    let output = '';
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', (text) => (errors += text));
    const ready = new Promise((resolve) => {
      child.on('close', resolve);
      child.stdout.setEncoding('utf8').on('data', (text) => {
        output += text;
        resolve();
      });
    });
    // EPIPE: the process may have been killed.
    child.stdin.on('error', () => {});
    const end = new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal })));
    const ended = end.then(({ code, signal }) => {
      const isExpected = (code === 0 && errors === '') || (program === 'writer.mjs' && this.#wasEnded(code, signal));
      if (!isExpected) this.faults.push(`${program} ended with ${code ?? signal}: ${errors}`);
      else onResult?.(output.trimEnd().split('\n').at(-1));
    });
    this.#started.push({ child, program, ended });
    return { child, ready, begin: () => child.stdin.write(`${this.#endTime}\n`) };
  }

  #sabotage() {
    const { configs, disk, timeoutMs = 300, saboteurs } = this.#plan;
    const { kills, stops, deletes, fillsDisk, limits, chmods, swapsLocks, swapsFolders } = this.#mode;
    const seeds = new Random(saboteurs);
    const makeOptions = () => ({
      ...{ crew: () => this.#crew, endTime: this.#endTime, random: new Random(seeds.seed()), figures: this.figures },
      ...{ locks: configs.map(({ lock }) => lock), disk, timeoutMs, deletes },
    });
    return [
      ...(kills ? [killWriters(makeOptions())] : []),
      ...(stops ? [stopHolders(makeOptions())] : []),
      ...(deletes ? [deleteLocks(makeOptions())] : []),
      ...(fillsDisk ? [fillDisk(makeOptions())] : []),
      ...(limits ? [limitWriters(makeOptions())] : []),
      ...(chmods ? [changeModes(makeOptions())] : []),
      ...(swapsLocks ? [swapLocks(makeOptions())] : []),
      ...(swapsFolders ? [swapFolders(makeOptions())] : []),
    ];
  }

  /** Waits until every process has ended, including replacements that start in the meantime. */
  async #end() {
    const timer = setTimeout(
      () => {
        for (const { child, program } of this.#started) {
          if (child.exitCode === null && child.signalCode === null) this.faults.push(`${program} did not end`);
          send(-child.pid, 'SIGKILL');
        }
      },
      this.#endTime - Date.now() + END_MS,
    );
    const allowing = setInterval(() => {
      if (this.#mode.chmods) for (const { lock } of this.#plan.configs) allowAll(lock);
    }, ALLOW_MS);
    for (const { ended } of this.#started) await ended;
    clearInterval(allowing);
    clearTimeout(timer);
  }

  #noteReads(path, { reads, seen, sets, violations }) {
    this.figures.reads += reads;
    this.faults.push(...violations);
    const config = this.#plan.configs.find((each) => each.path === path);
    Object.assign(config, { seen, sets });
  }

  /** Verifies a config and the journals of its writers. Returns the duration of the longest call in milliseconds. */
  #verify({ path, lock, isSealed, writers, seen = {}, sets = {}, editorJournal }) {
    const { faults, figures } = this;
    const held = zjj.tryLock(lock);
    if (held === null) faults.push(`${lock} is still held`);
    held?.release();
    const { allows = () => false, edits, kills, stops, deletes, swapsLocks, swapsFolders } = this.#mode;
    const all = findConfigs(this.#plan.disk, path);
    // A writer killed between creating its temporary file and checking its lock file leaves the file to the next sweep.
    const forcesSweep = deletes || swapsLocks || swapsFolders;
    faults.push(...all.flatMap((each) => findLitter(each, forcesSweep)));
    faults.push(...findMarkFaults(all.map(zjj.readConfigSync), writers));

    const table = zjj.readConfigSync(path);
    const isAllowed = (code, cause) =>
      allows(code, cause) || (code === 'ABORTED' && stops === true) || (code === 'INTERRUPTED' && kills === true);
    const verdict = verifyWriters(table, writers, isAllowed);
    faults.push(
      ...findFaults(table),
      ...findRefusedValues(sets, writers),
      ...findRegressions(seen, growingNumbers(table)),
      ...verdict.faults,
    );
    if (isSealed) faults.push(...findTextFaults(readFileSync(path, 'utf8')));
    if (edits)
      faults.push(...findValueFaults('editor.revision', table.editor.revision, readJournal(editorJournal).calls));
    figures.acknowledged += verdict.acknowledged;
    for (const [code, count] of Object.entries(verdict.codes)) figures.codes[code] = (figures.codes[code] ?? 0) + count;
    return verdict.longestMs;
  }
}

/** The number of the last call in a journal. A writer that replaces a killed one continues from there. */
function readLastCall(journal) {
  return readEnd(journal).findLast(([type]) => type === 'I')?.[1] ?? 0;
}
