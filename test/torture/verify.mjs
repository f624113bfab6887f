// Verifies a config against the journals of its writers after all of them have ended.

import { readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { readJournal } from './journal.mjs';

const zjj = createRequire(import.meta.url)('../../dist/index.js');

/**
 * @param table - The final config.
 * @param writers - `{ id, journal }` of each writer.
 * @param isAllowed - Whether a call may fail with `(code, cause)`.
 * @returns `{ faults, acknowledged, codes, longestMs }`.
 */
export function verifyWriters(table, writers, isAllowed) {
  const faults = [];
  const codes = {};
  let acknowledged = 0;
  let longestMs = 0;
  for (const { id, journal } of writers) {
    const { calls, violations } = readJournal(journal);
    faults.push(...violations);
    const of = (kind) => calls.filter((call) => call.kind === kind);
    faults.push(
      ...findValueFaults(`set.${id}`, table.set?.[id], of('set')),
      ...findValueFaults(`flag.${id}`, table.flag?.[id], of('flag')),
      ...findValueFaults(`pair_a.${id}`, table.pair_a?.[id], of('pair')),
      ...findCountFaults(id, table, of('count')),
    );
    for (const { number, outcome, code, cause, ms } of calls) {
      if (outcome === 'acknowledged') acknowledged++;
      longestMs = Math.max(longestMs, ms ?? 0);
      if (code === undefined) continue;
      const name = cause === undefined ? code : `${code} (${cause})`;
      codes[name] = (codes[name] ?? 0) + 1;
      if (!isAllowed(code, cause)) faults.push(`call ${number} of ${id} failed: ${name}`);
    }
  }
  return { faults, acknowledged, codes, longestMs };
}

/** A key must have the value of the last acknowledged call, or of a later call with an unknown outcome. */
export function findValueFaults(name, value, calls) {
  const last = calls.findLastIndex((call) => call.outcome === 'acknowledged');
  const possible = calls.slice(last + 1).filter((call) => call.outcome === 'unknown');
  const values = [last < 0 ? null : calls[last].value, ...possible.map((call) => call.value)];
  if (values.includes(value ?? null)) return [];
  return [`${name} is ${value}, expected ${values.map(String).join(' or ')}`];
}

/**
 * An acknowledged increment returns how many increments of its writer are in the file and which one came before it.
 * This shows which of the increments with an unknown outcome took effect: as many as the count has grown by, and the
 * named one is the last of them.
 */
function findCountFaults(id, table, calls) {
  const faults = [];
  let inFile = 0;
  let last = 0;
  let unknown = [];
  const check = (nowInFile, nowLast, place) => {
    const more = nowInFile - inFile;
    const index = unknown.indexOf(nowLast);
    const isExplained = more === 0 ? nowLast === last : index >= more - 1 && more > 0;
    if (!isExplained) {
      faults.push(
        `${place} of ${id}: count ${nowInFile}, last ${nowLast}; before ${inFile}, last ${last}; unknown ${unknown}`,
      );
    }
  };
  for (const { number, outcome, result } of calls) {
    if (outcome === 'unknown') unknown.push(number);
    if (outcome !== 'acknowledged') continue;
    const [count, before] = result;
    check(count - 1, before, `increment ${number}`);
    inFile = count;
    last = number;
    unknown = [];
  }
  check(table.count?.[id] ?? 0, table.last?.[id] ?? 0, 'the end');
  return faults;
}

/** The config, and those in new folders, in folders below, and in the folders that had its place for a time. */
export function findConfigs(disk, path) {
  const place = basename(dirname(path));
  const others = readdirSync(disk, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.startsWith(`${place}/`) || name.startsWith(`${place}.`))
    .filter((name) => basename(name) === basename(path))
    .map((name) => join(disk, name));
  return [...new Set([path, ...others])];
}

/** Writes to a config, and returns what temporary files the sweep of that write has left. */
export function findLitter(path, forcesSweep) {
  if (forcesSweep) rmSync(`${path}.lock`, { force: true });
  zjj.setConfigValueSync(path, 'final', true);
  const litter = readdirSync(dirname(path)).filter((name) => name.endsWith('.tmp'));
  return litter.length > 0 ? [`temporary files are left beside ${path}: ${litter}`] : [];
}

/** Each acknowledged mark must be in one of the configs, and no refused one in any. */
export function findMarkFaults(tables, writers) {
  const faults = [];
  const marks = new Set(tables.flatMap(({ marks = {} }) => Object.keys(marks)));
  for (const { id, journal } of writers) {
    for (const { number, kind, outcome } of readJournal(journal).calls) {
      if (kind !== 'mark') continue;
      const isThere = marks.delete(`${id}_${number}`);
      if (outcome === 'acknowledged' && !isThere) faults.push(`mark ${number} of ${id} is lost`);
      if (outcome === 'refused' && isThere) faults.push(`mark ${number} of ${id} is there, though it was refused`);
    }
  }
  return [...faults, ...[...marks].map((mark) => `nobody wrote ${mark}`)];
}

/** No reader may have seen the value of a set that was refused, unless another call wrote the same value. */
export function findRefusedValues(sets, writers) {
  const faults = [];
  for (const { id, journal } of writers) {
    const calls = readJournal(journal).calls.filter(({ kind }) => kind === 'set');
    const written = new Set(calls.filter(({ outcome }) => outcome !== 'refused').map(({ value }) => value));
    const refused = new Set(calls.filter(({ value }) => !written.has(value)).map(({ value }) => value));
    for (const value of sets[id] ?? [])
      if (refused.has(value)) faults.push(`read set.${id} = ${value}, which was refused`);
  }
  return faults;
}
