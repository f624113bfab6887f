// Compares the store of zjj with peers and with a C program: `npm run bench -- store [--quick] [DIRECTORY]`.
// ../README.md explains the figures.

import { mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { compile } from '../c-program.mjs';
import { median } from '../statistics.mjs';
import { peers, zjj, zjjSync } from './libraries.mjs';
import { measureKeptWrites, measureWrites } from './many-processes.mjs';
import {
  measureC,
  measureConcurrentSets,
  measureLargeFile,
  measureReads,
  measureSequentialSets,
} from './one-process.mjs';
import { charts, tables, targets } from './report.mjs';

const TMPFS = 0x01021994;
const PROCESSES = 8;
const WARM_UP_SETS = 5000;
const C_PROGRAM = 'C program';

/** Runs all benchmarks in a new directory below `parent`. `quick` runs fewer rounds. */
export async function benchStore(parent, quick) {
  const work = mkdtempSync(join(parent, 'zjj-bench-'));
  let directories = 0;
  const newDirectory = () => {
    const directory = join(work, String(directories++));
    mkdirSync(directory);
    return directory;
  };
  if (statfsSync(work).type === TMPFS) {
    console.error('Warning: the directory is in memory, where fsync costs nothing. Name a directory on a disk.');
  }
  try {
    const program = compile('durable_cycle', work);
    const rounds = quick ? 3 : 7;
    const results = {
      sequential: await compareSequential(program, newDirectory, rounds, quick ? 500 : 2000),
      concurrent: await measureConcurrent(newDirectory, rounds, 10_000),
      large: await measureLarge(newDirectory, quick ? 5 : 15),
      reads: await measureReads(peers[0], newDirectory(), quick ? 20_000 : 100_000),
      manyWriters: await compareManyWriters(program, newDirectory, rounds, 2000),
      kept: await compareKept(newDirectory, quick ? 1 : 3),
    };
    const machine = `Node.js ${process.version}, ${process.platform}-${process.arch}, ${cpus().length} cores, medians of ${rounds} rounds`;
    return { text: [machine, '', tables(results), targets(results)].join('\n'), charts: charts(results) };
  } finally {
    rmSync(work, { recursive: true });
  }
}

/** Every round measures all libraries, so that other load on the machine affects all of them alike. */
async function compareSequential(program, newDirectory, rounds, count) {
  const libraries = [zjj, zjjSync, ...peers];
  console.error('sequential sets, warming up');
  // V8 keeps optimizing the code for some thousands of calls.
  for (const library of libraries) await measureSequentialSets(library, newDirectory(), WARM_UP_SETS);
  const results = [];
  for (let round = 0; round < rounds; round++) {
    console.error(`sequential sets, round ${round + 1} of ${rounds}`);
    const rates = new Map();
    if (program !== undefined) rates.set(C_PROGRAM, { perSecond: measureC(program, newDirectory(), 1, 1) });
    for (const library of libraries)
      rates.set(library.name, await measureSequentialSets(library, newDirectory(), count));
    results.push(rates);
  }
  return [...results[0].keys()].map((name) => ({
    name,
    perSecond: median(results.map((rates) => rates.get(name).perSecond)),
    busy: median(results.map((rates) => rates.get(name).busy)),
    ratioToC: program && median(results.map((rates) => rates.get(name).perSecond / rates.get(C_PROGRAM).perSecond)),
  }));
}

async function measureConcurrent(newDirectory, rounds, count) {
  const rates = [];
  for (let round = 0; round < rounds; round++) rates.push(await measureConcurrentSets(newDirectory(), count));
  return { count, perSecond: median(rates) };
}

async function measureLarge(newDirectory, rounds) {
  const { parses, sets } = await measureLargeFile(newDirectory(), rounds);
  return {
    parseMs: median(parses),
    setMs: median(sets),
    ratio: median(sets.map((set, round) => set / parses[round])),
  };
}

async function compareManyWriters(program, newDirectory, rounds, runMs) {
  const results = [];
  for (let round = 0; round < rounds; round++) {
    console.error(`${PROCESSES} writers, round ${round + 1} of ${rounds}`);
    const c = program && measureC(program, newDirectory(), runMs / 1000, PROCESSES);
    const own = await measureWrites(zjj, newDirectory(), PROCESSES, runMs);
    results.push({ ...own, c, ratioToC: c && own.perSecond / c });
  }
  const ofRounds = (key) => (results[0][key] === undefined ? undefined : median(results.map((result) => result[key])));
  return {
    processes: PROCESSES,
    perSecond: ofRounds('perSecond'),
    c: ofRounds('c'),
    ratioToC: ofRounds('ratioToC'),
    meanMs: ofRounds('meanMs'),
    longestMs: ofRounds('longestMs'),
    longestToMean: ofRounds('longestToMean'),
  };
}

async function compareKept(newDirectory, rounds) {
  const rows = [];
  for (const library of [zjj, ...peers]) {
    for (const [processes, keys] of [
      [PROCESSES, 50],
      [100, 1],
    ]) {
      console.error(`${library.name}: ${processes} processes, ${keys} keys each`);
      const results = [];
      for (let round = 0; round < rounds; round++) {
        results.push(await measureKeptWrites(library, newDirectory(), processes, keys));
      }
      rows.push({
        name: library.name,
        processes,
        keys,
        kept: Math.min(...results.map(({ kept }) => kept)),
        failed: Math.max(...results.map(({ failed }) => failed)),
        keptPerSecond: median(results.map(({ keptPerSecond }) => keptPerSecond)),
      });
    }
  }
  return rows;
}
