// Verifies a config against the journals of its writers after all of them have ended.

import { readJournal } from './journal.mjs';

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
