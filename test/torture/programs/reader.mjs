// A process that reads a config again and again until the round ends. Every read must be whole. It must not be older
// than the previous read, or than a write that was acknowledged before.
//
//   reader.mjs TASK      JSON: see startOthers in round.mjs
//
// Its last line of output is JSON: { reads, seen, sets, violations }; `sets` has all values of `set.ID` that it read.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Random } from '../../support/random.mjs';
import { findFaults, findRegressions, findTextFaults, growingNumbers } from '../content.mjs';
import { readEnd } from '../journal.mjs';
import { waitForStart } from './start.mjs';

const zjj = createRequire(import.meta.url)('../../../dist/index.js');
const task = JSON.parse(process.argv[2]);
const random = new Random(task.seed);
const violations = [];
let reads = 0;
let seen = {};
const sets = {};
const endTime = await waitForStart();

do {
  const writer = random.pick(task.writers);
  const acknowledged = readLastAcknowledgedSet(writer.journal);
  const name = random.pick(task.names);
  try {
    const table = random.chance(0.5) ? await zjj.readConfig(name) : zjj.readConfigSync(name);
    const now = growingNumbers(table);
    violations.push(...findFaults(table), ...findRegressions(seen, now));
    const value = now[`set.${writer.id}`];
    if (acknowledged !== undefined && !(value >= acknowledged)) {
      violations.push(`read set.${writer.id} = ${value} after ${acknowledged} was acknowledged`);
    }
    seen = { ...seen, ...now };
    for (const [id, set] of Object.entries(table.set ?? {})) {
      sets[id] ??= [];
      if (sets[id].at(-1) !== set) sets[id].push(set);
    }
    if (task.isSealed && random.chance(0.3)) violations.push(...findTextFaults(readFileSync(name, 'utf8')));
  } catch (error) {
    violations.push(`a read failed: ${error}`);
  }
  reads++;
  await new Promise((resolve) => setTimeout(resolve, random.between(0, 3)));
} while (Date.now() < endTime && violations.length === 0);
console.log(JSON.stringify({ reads, seen, sets, violations }));

/** The value of the last acknowledged set at the end of a journal. */
function readLastAcknowledgedSet(journal) {
  const values = new Map();
  let last;
  for (const [type, number, kind, value] of readEnd(journal)) {
    if (type === 'I' && kind === 'set') values.set(number, value);
    else if (type === 'A' && values.has(number)) last = values.get(number);
  }
  return last;
}
