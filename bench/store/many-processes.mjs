// Several processes write one config.

import { join } from 'node:path';
import { contendAll } from '../contenders.mjs';

const WRITER = join(import.meta.dirname, 'writer.mjs');

/** Each process sets its own keys once. Counts the keys that are in the file afterwards. */
export async function measureKeptWrites(library, directory, processes, keys) {
  const results = await run(library, directory, processes, String(keys));
  const stored = Object.keys((await library.open(directory)).read());
  const kept = stored.filter((key) => /^writer\d+_\d+$/.test(key)).length;
  return {
    kept,
    failed: results.reduce((sum, { failed }) => sum + failed, 0),
    keptPerSecond: (kept / Math.max(...results.map(({ ms }) => ms))) * 1000,
  };
}

/** Each process sets one key in a loop. */
export async function measureWrites(library, directory, processes, runMs) {
  const results = await run(library, directory, processes, `${runMs}ms`);
  const sets = results.reduce((sum, result) => sum + result.sets, 0);
  const meanMs = results.reduce((sum, result) => sum + result.ms, 0) / sets;
  const longestMs = Math.max(...results.map((result) => result.longestMs));
  return {
    perSecond: results.reduce((sum, result) => sum + (result.sets / result.ms) * 1000, 0),
    meanMs,
    longestMs,
    longestToMean: longestMs / meanMs,
  };
}

function run(library, directory, processes, amount) {
  const names = Array.from({ length: processes }, (_, number) => `writer${number}`);
  return contendAll(
    WRITER,
    names.map((name) => [library.name, directory, name, amount]),
  );
}
