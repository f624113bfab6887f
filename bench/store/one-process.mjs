// One process: sequential sets, ten thousand concurrent sets, a set in a large file, reads.

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { ConfigStore, configIn, readConfigSync, setConfigValue, setConfigValueSync } from './libraries.mjs';

const KEYS_OF_LARGE_FILE = 10_000;

/** Sets that are awaited one after the other: per second, and the share of the time that the event loop was busy. */
export async function measureSequentialSets(library, directory, count) {
  const store = await library.open(directory);
  const before = performance.eventLoopUtilization();
  const start = performance.now();
  for (let number = 0; number < count; number++) await store.set('key', number);
  const ms = performance.now() - start;
  return { perSecond: (count / ms) * 1000, busy: performance.eventLoopUtilization(before).utilization };
}

/** Transactions per second of the C program, which makes the same system calls. */
export function measureC(program, directory, seconds, processes) {
  return Number(execFileSync(program, [directory, String(seconds), String(processes)]));
}

/** Calls per second, where all calls are made before the first one resolves. */
export async function measureConcurrentSets(directory, count) {
  const path = configIn(directory);
  const start = performance.now();
  await Promise.all(Array.from({ length: count }, (_, number) => setConfigValue(path, `key${number}`, number)));
  const ms = performance.now() - start;
  if (Object.keys(readConfigSync(path)).length !== count) throw new Error('writes were lost');
  return (count / ms) * 1000;
}

/** Milliseconds to read and parse a large file for the first time, and to set one of its keys. */
export async function measureLargeFile(directory, rounds) {
  const path = configIn(directory);
  const lines = Array.from({ length: KEYS_OF_LARGE_FILE }, (_, number) => `key${number} = "value ${number}"\n`);
  writeFileSync(path, lines.join(''));
  const parses = [];
  const sets = [];
  for (let round = 0; round < rounds; round++) {
    // New bytes, so that no cached parse applies.
    lines[0] = `key0 = "round ${round}"\n`;
    writeFileSync(path, lines.join(''));
    parses.push(timed(() => readConfigSync(path)));
    sets.push(timed(() => setConfigValueSync(path, `key${5000 + round}`, round)));
    if (!readFileSync(path, 'utf8').includes(`key${5000 + round} = ${round}\n`)) throw new Error('the set was lost');
  }
  return { parses, sets };
}

/** Reads of one value of an unchanged file, per second. */
export async function measureReads(conf, directory, count) {
  const path = configIn(directory);
  const peer = await conf.open(directory);
  const store = new ConfigStore(path);
  for (let number = 0; number < 20; number++) {
    await setConfigValue(path, `key${number}`, `value ${number}`);
    await peer.set(`key${number}`, `value ${number}`);
  }
  const perSecond = (read) => (count / timed(() => repeat(read, count))) * 1000;
  const results = {
    peer: perSecond(() => peer.get('key7')),
    sync: perSecond(() => store.getSync('key7')),
  };
  const start = performance.now();
  for (let number = 0; number < count; number++) await store.get('key7');
  results.async = (count / (performance.now() - start)) * 1000;
  return results;
}

function repeat(call, count) {
  for (let number = 0; number < count; number++) call();
}

function timed(call) {
  const start = performance.now();
  call();
  return performance.now() - start;
}
