// One round: makes a plan from a seed, starts the processes, disturbs them, and verifies the result.

import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { Random } from '../support/random.mjs';
import { findFaults, findRegressions, findTextFaults, growingNumbers, initialText } from './content.mjs';
import { readEnd, readJournal } from './journal.mjs';
import { deleteLocks, fillDisk, killWriters, stopHolders } from './saboteurs.mjs';
import { findValueFaults, verifyWriters } from './verify.mjs';

const zjj = createRequire(import.meta.url)('../../dist/index.js');

/** How long a process may take to end after the round: the longest wait, plus a margin for a busy machine. */
const END_MS = 90_000;

/**
 * The lock timeout of the writers in a mode that allows no timeouts. Without it, a call fails after 5 s without
 * progress, and on a busy machine a holder can lose the CPU for longer.
 */
const LONGEST_WAIT_MS = 60_000;

/** Large enough for a few configs and their temporary files. */
const DISK_SIZE = '1m';

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

/** Makes all decisions of the round. */
function makePlan(random, mode, directory) {
  const disk = join(directory, 'files');
  const journals = join(directory, 'journals');
  // On a full disk nothing can be created. The editor needs a config to edit.
  const mayStartEmpty = !mode.fillsDisk && !mode.edits;
  const configs = Array.from({ length: mode.files ?? random.between(1, 3) }, (_, index) => {
    const path = join(disk, `${index}`, 'config.toml');
    return {
      path,
      lock: `${path}.lock`,
      link: join(disk, `link-${index}.toml`),
      isSealed: !(mayStartEmpty && random.chance(0.3)),
      fillers: random.chance(0.5) ? random.between(0, 20) : random.between(100, 400),
      editorJournal: join(journals, `editor-${index}`),
      editorSeed: random.seed(),
      readerSeed: random.seed(),
      writers: [],
    };
  });
  const processes = Array.from({ length: mode.processes ?? random.between(3, 6) }, (_, index) => ({
    form: random.pick(mode.forms ?? ['async', 'async', 'sync', 'threads']),
    pauses: random.pick([0, 0.1, 0.5]),
    writers: Array.from({ length: mode.writersEach ?? random.between(1, 5) }, (_, each) => {
      const config = random.pick(configs);
      const id = `p${index}w${each}`;
      const names = random.pick([[config.path], [config.link], [config.path, config.link]]);
      const writer = { id, names, journal: join(journals, id), seed: random.seed() };
      config.writers.push(writer);
      return writer;
    }),
  }));
  const timeoutMs = chooseTimeout(mode, random);
  return { disk, journals, configs, processes, timeoutMs, saboteurs: random.seed() };
}

/** Undefined means the default of the store. */
function chooseTimeout({ stops, deletesEveryMs }, random) {
  if (!stops) return LONGEST_WAIT_MS;
  // Short, so that many holders are stopped for longer in a round.
  return deletesEveryMs === undefined ? random.between(80, 300) : undefined;
}

function prepare({ disk, journals, configs }, mode) {
  mkdirSync(disk);
  mkdirSync(journals);
  if (mode.fillsDisk) {
    const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_SIZE}`, 'tmpfs', disk]);
    if (status !== 0) throw new Error(`cannot mount: ${stderr}`);
  }
  for (const { path, link, isSealed, fillers } of configs) {
    mkdirSync(dirname(path));
    symlinkSync(join(basename(dirname(path)), basename(path)), link);
    if (!isSealed) continue;
    writeFileSync(path, initialText(fillers));
    // Creates the lock file and changes nothing else.
    zjj.setConfigValueSync(path, 'end.seal', 'whole');
  }
}

class Round {
  faults = [];
  figures = { acknowledged: 0, reads: 0, kills: 0, stops: 0, deletes: 0, fills: 0, longestMs: 0, codes: {} };
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
    for (const { child } of this.#started) child.kill('SIGKILL');
  };

  #startWriter(task) {
    const writers = task.writers.map((writer) => ({ ...writer, calls: readLastCall(writer.journal) }));
    const { timeoutMs } = this.#plan;
    const kinds = this.#mode.kinds ?? ['set', 'set', 'pair', 'count', 'count', 'flag'];
    const aborts = this.#mode.stops === true;
    const { child, ready, begin } = this.#start('writer.mjs', { ...task, writers, timeoutMs, kinds, aborts });
    child.on('exit', (_, signal) => {
      this.#crew = this.#crew.filter((each) => each !== child);
      if (signal === 'SIGKILL' && Date.now() < this.#endTime) this.#replaceWriter(task);
    });
    return {
      ready,
      begin: () => {
        this.#crew.push(child);
        begin();
      },
    };
  }

  #replaceWriter(task) {
    const { ready, begin } = this.#startWriter(task);
    ready.then(begin);
  }

  #startOthers({ path, link, lock, isSealed, editorJournal, editorSeed, readerSeed, writers }) {
    const { kinds, edits, deletesEveryMs } = this.#mode;
    const started = [];
    if (kinds === undefined && writers.length > 0) {
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
    const child = spawn(process.execPath, [join(import.meta.dirname, program), JSON.stringify(task)]);
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
      const isExpected = (code === 0 && errors === '') || (signal === 'SIGKILL' && program === 'writer.mjs');
      if (!isExpected) this.faults.push(`${program} ended with ${code ?? signal}: ${errors}`);
      else onResult?.(output.trimEnd().split('\n').at(-1));
    });
    this.#started.push({ child, program, ended });
    return { child, ready, begin: () => child.stdin.write(`${this.#endTime}\n`) };
  }

  #sabotage() {
    const { configs, disk, timeoutMs = 300, saboteurs } = this.#plan;
    const { kills, stops, deletes, fillsDisk } = this.#mode;
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
    ];
  }

  /** Waits until every process has ended, including replacements that start in the meantime. */
  async #end() {
    const timer = setTimeout(
      () => {
        for (const { child, program } of this.#started) {
          if (child.exitCode === null && child.signalCode === null) this.faults.push(`${program} did not end`);
          child.kill('SIGKILL');
        }
      },
      this.#endTime - Date.now() + END_MS,
    );
    for (const { ended } of this.#started) await ended;
    clearTimeout(timer);
  }

  #noteReads(path, { reads, seen, violations }) {
    this.figures.reads += reads;
    this.faults.push(...violations);
    this.#plan.configs.find((config) => config.path === path).seen = seen;
  }

  /** Verifies a config and the journals of its writers. Returns the duration of the longest call in milliseconds. */
  #verify({ path, lock, isSealed, writers, seen = {}, editorJournal }) {
    const { faults, figures } = this;
    const held = zjj.tryLock(lock);
    if (held === null) faults.push(`${lock} is still held`);
    held?.release();
    // A writer killed between creating its temporary file and checking its lock file leaves the file to the next sweep.
    if (this.#mode.deletes) rmSync(lock, { force: true });
    zjj.setConfigValueSync(path, 'final', true);
    const litter = readdirSync(dirname(path)).filter((name) => name.endsWith('.tmp'));
    if (litter.length > 0) faults.push(`temporary files are left: ${litter}`);

    const table = zjj.readConfigSync(path);
    const { allows = () => false, edits, stops } = this.#mode;
    const isAllowed = (code, cause) => allows(code, cause) || (code === 'ABORTED' && stops === true);
    const verdict = verifyWriters(table, writers, isAllowed);
    faults.push(...findFaults(table), ...findRegressions(seen, growingNumbers(table)), ...verdict.faults);
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
