// What must hold of a config and the journals of its writers once all of them have ended.

import { readJournal } from './journal.mjs';

/**
 * @param table - The config as it is now.
 * @param writers - `{ id, journal }` of each.
 * @param isAllowed - Whether a writer may have been given an error `(code, cause)`.
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
      ...faultsOfValue(`set.${id}`, table.set?.[id], of('set')),
      ...faultsOfValue(`flag.${id}`, table.flag?.[id], of('flag')),
      ...faultsOfValue(`pair_a.${id}`, table.pair_a?.[id], of('pair')),
      ...faultsOfCount(id, table, of('count')),
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

/** A key holds what the last acknowledged call wrote, or what a later one wrote that got no answer. */
export function faultsOfValue(name, value, calls) {
  const last = calls.findLastIndex((call) => call.outcome === 'acknowledged');
  const possible = calls.slice(last + 1).filter((call) => call.outcome === 'unknown');
  const values = [last < 0 ? null : calls[last].value, ...possible.map((call) => call.value)];
  if (values.includes(value ?? null)) return [];
  return [`${name} is ${value}, but should be ${values.map(String).join(' or ')}`];
}

/**
 * Each acknowledged increment says how many of this writer's were in with it and which came before it, and so which of
 * those without an answer took effect: as many as the count has grown by, and the last of them the one that is named.
 */
function faultsOfCount(id, table, calls) {
  const faults = [];
  let inFile = 0;
  let last = 0;
  let unknown = [];
  const check = (nowInFile, nowLast, what) => {
    const more = nowInFile - inFile;
    const place = unknown.indexOf(nowLast);
    const isAccounted = more === 0 ? nowLast === last : place >= more - 1 && more > 0;
    if (!isAccounted) {
      faults.push(
        `${what} of ${id}: ${nowInFile} in, the last ${nowLast}; before ${inFile} in, the last ${last}; unknown ${unknown}`,
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
