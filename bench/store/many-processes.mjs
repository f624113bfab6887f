// What several processes that write one config do to it, and to each other.

import { join } from 'node:path';
import { contendAll } from '../contenders.mjs';

const WRITER = join(import.meta.dirname, 'writer.mjs');

/** Each process sets keys of its own, and what is in the file afterwards is counted. */
export async function writesKept(library, directory, processes, keys) {
  const results = await run(library, directory, processes, String(keys));
  const stored = Object.keys((await library.opens(directory)).read());
  const kept = stored.filter((key) => /^writer\d+_\d+$/.test(key)).length;
  return {
    asked: processes * keys,
    kept,
    failed: results.reduce((sum, { failed }) => sum + failed, 0),
    keptPerSecond: (kept / Math.max(...results.map(({ ms }) => ms))) * 1000,
  };
}

/** Each process sets one key again and again. */
export async function writesPerSecond(library, directory, processes, runMs) {
  const results = await run(library, directory, processes, `${runMs}ms`);
  const sets = results.reduce((sum, result) => sum + result.sets, 0);
  const meanMs = results.reduce((sum, result) => sum + result.ms, 0) / sets;
  const longestMs = Math.max(...results.map((result) => result.longestMs));
  return {
    perSecond: results.reduce((sum, result) => sum + (result.sets / result.ms) * 1000, 0),
    meanMs,
    longestMs,
    longestThroughMean: longestMs / meanMs,
  };
}

function run(library, directory, processes, amount) {
  const names = Array.from({ length: processes }, (_, number) => `writer${number}`);
  return contendAll(
    WRITER,
    names.map((name) => [library.name, directory, name, amount]),
  );
}
