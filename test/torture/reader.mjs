// A process that reads a config again and again until it is time. What it sees must be whole, never older than what it
// saw before, and never older than what it knows to be acknowledged.
//
//   reader.mjs TASK      JSON: see startReader in round.mjs
//
// Its last line of output is JSON: { reads, seen, violations }.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { faultsOf, faultsOfText, growing, stepsBack } from './content.mjs';
import { readEnd } from './journal.mjs';
import { Random } from './random.mjs';
import { untilWhen } from './start.mjs';

const zjj = createRequire(import.meta.url)('../../dist/index.js');
const task = JSON.parse(process.argv[2]);
const random = new Random(task.seed);
const violations = [];
let reads = 0;
let seen = {};
const until = await untilWhen();

do {
  const writer = random.pick(task.writers);
  const acknowledged = lastAcknowledgedSet(writer.journal);
  const name = random.pick(task.names);
  try {
    const table = random.chance(0.5) ? await zjj.readConfig(name) : zjj.readConfigSync(name);
    const now = growing(table);
    violations.push(...faultsOf(table), ...stepsBack(seen, now));
    const value = now[`set.${writer.id}`];
    if (acknowledged !== undefined && !(value >= acknowledged)) {
      violations.push(`read set.${writer.id} = ${value} after ${acknowledged} had been acknowledged`);
    }
    seen = { ...seen, ...now };
    if (task.isSealed && random.chance(0.3)) violations.push(...faultsOfText(readFileSync(name, 'utf8')));
  } catch (error) {
    violations.push(`a read failed: ${error}`);
  }
  reads++;
  await new Promise((resolve) => setTimeout(resolve, random.between(0, 3)));
} while (Date.now() < until && violations.length === 0);
console.log(JSON.stringify({ reads, seen, violations }));

/** The last set that the end of a journal shows to be acknowledged. */
function lastAcknowledgedSet(journal) {
  const values = new Map();
  let last;
  for (const [type, number, kind, value] of readEnd(journal)) {
    if (type === 'I' && kind === 'set') values.set(number, value);
    else if (type === 'A' && values.has(number)) last = values.get(number);
  }
  return last;
}
