// zjj's store beside others and beside a C program, in one run: `npm run bench -- store [--quick] [DIRECTORY]`.
// ../README.md says how to read it.

import { mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { compile } from '../c-program.mjs';
import { median } from '../statistics.mjs';
import { peers, zjj, zjjSync } from './libraries.mjs';
import { writesKept, writesPerSecond } from './many-processes.mjs';
import { cCycles, concurrentSets, largeFile, repeatedReads, sequentialSets } from './one-process.mjs';
import { charts, tables, targets } from './report.mjs';

const TMPFS = 0x01021994;
const PROCESSES = 8;
const WARMING_SETS = 5000;
const C_PROGRAM = 'C program';

/** Everything, in a new directory below `parent`; `quick` measures in fewer rounds. */
export async function benchStore(parent, quick) {
  const work = mkdtempSync(join(parent, 'zjj-bench-'));
  let directories = 0;
  const newDirectory = () => {
    const directory = join(work, String(directories++));
    mkdirSync(directory);
    return directory;
  };
  if (statfsSync(work).type === TMPFS) {
    console.error('In memory, so that fsync costs nothing: name a directory on a disk.');
  }
  try {
    const program = compile('durable_cycle', work);
    const rounds = quick ? 3 : 7;
    const results = {
      sequential: await measureSequential(program, newDirectory, rounds, quick ? 500 : 2000),
      concurrent: await measureConcurrent(newDirectory, rounds, 10_000),
      large: await measureLarge(newDirectory, quick ? 5 : 15),
      reads: await repeatedReads(peers[0], newDirectory(), quick ? 20_000 : 100_000),
      together: await measureTogether(program, newDirectory, rounds, 2000),
      kept: await measureKept(newDirectory, quick ? 1 : 3),
    };
    const machine = `Node.js ${process.version}, ${process.platform}-${process.arch}, ${cpus().length} cores, medians of ${rounds} rounds`;
    return { text: [machine, '', tables(results), targets(results)].join('\n'), charts: charts(results) };
  } finally {
    rmSync(work, { recursive: true });
  }
}

/** All in every round, so that whatever else the machine does hits all alike. */
async function measureSequential(program, newDirectory, rounds, count) {
  const libraries = [zjj, zjjSync, ...peers];
  console.error('sequential sets, warming up');
  // Code that V8 has yet to optimize is not what is asked about; it gets faster for some thousands of calls.
  for (const library of libraries) await sequentialSets(library, newDirectory(), WARMING_SETS);
  const results = [];
  for (let round = 0; round < rounds; round++) {
    console.error(`sequential sets, round ${round + 1} of ${rounds}`);
    const rates = new Map();
    if (program !== undefined) rates.set(C_PROGRAM, { perSecond: cCycles(program, newDirectory(), 1, 1) });
    for (const library of libraries) rates.set(library.name, await sequentialSets(library, newDirectory(), count));
    results.push(rates);
  }
  return [...results[0].keys()].map((name) => ({
    name,
    perSecond: median(results.map((rates) => rates.get(name).perSecond)),
    busy: median(results.map((rates) => rates.get(name).busy)),
    throughC: program && median(results.map((rates) => rates.get(name).perSecond / rates.get(C_PROGRAM).perSecond)),
  }));
}

async function measureConcurrent(newDirectory, rounds, count) {
  const rates = [];
  for (let round = 0; round < rounds; round++) rates.push(await concurrentSets(newDirectory(), count));
  return { count, perSecond: median(rates) };
}

async function measureLarge(newDirectory, rounds) {
  const { parses, sets } = await largeFile(newDirectory(), rounds);
  return {
    parseMs: median(parses),
    setMs: median(sets),
    ratio: median(sets.map((set, round) => set / parses[round])),
  };
}

async function measureTogether(program, newDirectory, rounds, runMs) {
  const results = [];
  for (let round = 0; round < rounds; round++) {
    console.error(`${PROCESSES} writers, round ${round + 1} of ${rounds}`);
    const c = program && cCycles(program, newDirectory(), runMs / 1000, PROCESSES);
    const own = await writesPerSecond(zjj, newDirectory(), PROCESSES, runMs);
    results.push({ ...own, c, throughC: c && own.perSecond / c });
  }
  const ofRounds = (key) => (results[0][key] === undefined ? undefined : median(results.map((result) => result[key])));
  return {
    processes: PROCESSES,
    perSecond: ofRounds('perSecond'),
    c: ofRounds('c'),
    throughC: ofRounds('throughC'),
    meanMs: ofRounds('meanMs'),
    longestMs: ofRounds('longestMs'),
    longestThroughMean: ofRounds('longestThroughMean'),
  };
}

async function measureKept(newDirectory, rounds) {
  const rows = [];
  for (const library of [zjj, ...peers]) {
    for (const [processes, keys] of [
      [PROCESSES, 50],
      [100, 1],
    ]) {
      console.error(`${library.name}: ${processes} processes, ${keys} keys each`);
      const results = [];
      for (let round = 0; round < rounds; round++) {
        results.push(await writesKept(library, newDirectory(), processes, keys));
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
