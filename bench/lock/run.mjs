// Compares the lock of zjj with peers and with a C program: `npm run bench -- lock [--quick] [DIRECTORY]`.
// ../README.md explains the figures.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { compile } from '../c-program.mjs';
import { median, quantile } from '../statistics.mjs';
import { contend, RUN_MS } from './contended.mjs';
import { measureHandoffs } from './handoff.mjs';
import { peerFromPath, peers, zjj } from './libraries.mjs';
import { charts, tables, targets } from './report.mjs';
import { asyncPerSecond, cPerSecond, syncPerSecond } from './uncontended.mjs';
import { measureWait } from './waiting.mjs';

const SIZES = [2, 8, 32, 100];
const HOLDS_MS = [0, 1];

/** Runs all benchmarks in a new directory below `parent`. `quick` runs fewer rounds. */
export async function benchLock(parent, quick) {
  const work = mkdtempSync(join(parent, 'zjj-bench-'));
  let files = 0;
  const newPath = () => join(work, `${files++}.lock`);
  try {
    const program = compile('lock_cycle', work);
    const results = {
      uncontended: await measureUncontended(program, newPath, quick ? 3 : 11),
      contended: [],
      handoff: await compareHandoffs(newPath, quick ? 1 : 3, quick ? 100 : 300),
      waitMs: await measureWait(newPath(), 10),
    };
    for (const holdMs of HOLDS_MS) {
      const sizes = [];
      for (const processes of SIZES) {
        console.error(`${processes} processes, ${holdMs} ms hold`);
        sizes.push({
          processes,
          libraries: await measureContended(program, newPath, processes, holdMs, quick ? 1 : 3),
        });
      }
      results.contended.push({ holdMs, sizes });
    }
    const machine = `Node.js ${process.version}, ${process.platform}-${process.arch}, ${cpus().length} cores, ${quick ? 'one round' : 'medians of rounds'}`;
    return { text: [machine, '', tables(results), targets(results)].join('\n'), charts: charts(results) };
  } finally {
    rmSync(work, { recursive: true });
  }
}

/** Every round measures all libraries, so that other load on the machine affects all of them alike. */
async function measureUncontended(program, newPath, count) {
  const asyncLibraries = [zjj, ...peers, peerFromPath];
  const rounds = [];
  for (let round = 0; round < count; round++) {
    const rates = new Map();
    for (const library of asyncLibraries) rates.set(library.name, await asyncPerSecond(library, newPath()));
    rates.set('zjj lockSync', syncPerSecond(newPath()));
    if (program !== undefined) rates.set('C program', cPerSecond(program, newPath()));
    rounds.push(rates);
  }
  const ofRounds = (value) => median(rounds.map(value));
  const fastest = (rates) => Math.max(...peers.map(({ name }) => rates.get(name)));
  return [...rounds[0].keys()].map((name) => ({
    name,
    perSecond: ofRounds((rates) => rates.get(name)),
    ratio: ofRounds((rates) => rates.get(name) / rates.get('zjj')),
    ratioToFastestPeer: ofRounds((rates) => rates.get(name) / fastest(rates)),
    ratioToC: ofRounds((rates) => rates.get(name) / rates.get('C program')),
  }));
}

async function measureContended(program, newPath, processes, holdMs, count) {
  const rounds = new Map();
  for (let round = 0; round < count; round++) {
    for (const library of [zjj, ...peers]) {
      const results = rounds.get(library.name) ?? [];
      results.push(await contend(library, newPath(), processes, holdMs));
      rounds.set(library.name, results);
    }
    if (program !== undefined) {
      const results = rounds.get('C program') ?? [];
      const args = [newPath(), processes, holdMs, RUN_MS].map(String);
      const [perSecond, longestWaitMs, spread] = String(execFileSync(program, args)).split(' ').map(Number);
      results.push({ perSecond, longestWaitMs, spread });
      rounds.set('C program', results);
    }
  }
  return [...rounds].map(([name, results]) => ({
    name,
    perSecond: median(results.map((result) => result.perSecond)),
    longestWaitMs: median(results.map((result) => result.longestWaitMs)),
    spread: median(results.map((result) => result.spread)),
  }));
}

async function compareHandoffs(newPath, count, handoffs) {
  const times = new Map([zjj, ...peers].map(({ name }) => [name, []]));
  for (let round = 0; round < count; round++) {
    for (const library of [zjj, ...peers])
      times.get(library.name).push(await measureHandoffs(library, newPath(), handoffs));
  }
  return [...times].map(([name, rounds]) => ({
    name,
    medianUs: median(rounds.map((round) => quantile(round, 0.5))),
    p99Us: median(rounds.map((round) => quantile(round, 0.99))),
  }));
}
