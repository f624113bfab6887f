// Sequential setConfigValue calls, each awaited before the next, beside a C program that does the same system calls:
// `npm run bench -- store [DIRECTORY]`. ../README.md says how to read it.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { compile } from '../c-program.mjs';

const COUNTS = [100, 2000];
const ROUNDS = 7;
const TMPFS = 0x01021994;

const { setConfigValue } = createRequire(import.meta.url)('../../dist/index.js');

let work;

export async function benchStore(parent) {
  work = mkdtempSync(join(parent, 'zjj-bench-'));
  try {
    const program = compile('durable_cycle', work);
    console.log(`Node.js ${process.version}, ${work}, ${ROUNDS} rounds: median (least–most)`);
    if (statfsSync(work).type === TMPFS) {
      console.log('In memory, so that fsync costs nothing: name a directory on a disk.');
    }
    const table = [];
    for (const count of COUNTS) table.push({ count, rounds: await measure(count, program) });
    print(table);
  } finally {
    rmSync(work, { recursive: true });
  }
}

/** Both in every round, so that whatever else the machine does hits both alike. */
async function measure(count, program) {
  const rounds = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const directory = join(work, `${count}-${round}`);
    const c = program && Number(execFileSync(program, [newDirectory(`${directory}-c`), String(count)]));
    const node = await setsPerSecond(join(newDirectory(`${directory}-node`), 'config.toml'), count);
    rounds.push({ node, c, ratio: c && node / c });
  }
  return rounds;
}

async function setsPerSecond(path, count) {
  const start = performance.now();
  for (let number = 0; number < count; number += 1) await setConfigValue(path, 'key', number);
  return (count / (performance.now() - start)) * 1000;
}

function newDirectory(path) {
  mkdirSync(path);
  return path;
}

function print(table) {
  const lines = [['sequential sets', 'sets per second', 'C cycles per second', 'ratio']];
  for (const { count, rounds } of table) {
    const sets = summary(rounds.map((round) => round.node));
    const cycles = summary(rounds.map((round) => round.c));
    const ratio = summary(
      rounds.map((round) => round.ratio),
      2,
    );
    lines.push([String(count), sets, cycles, ratio]);
  }
  for (const [count, sets, cycles, ratio] of lines) {
    console.log(`${count.padEnd(16)} ${sets.padEnd(20)} ${cycles.padEnd(20)} ${ratio}`);
  }
}

function summary(values, digits = 0) {
  if (values.includes(undefined)) return '–';
  const sorted = values.toSorted((a, b) => a - b);
  const median = sorted[(sorted.length - 1) / 2];
  return `${median.toFixed(digits)} (${sorted[0].toFixed(digits)}–${sorted.at(-1).toFixed(digits)})`;
}
