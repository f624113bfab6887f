import { join } from 'node:path';
import type { Random } from '../support/random.mjs';
import type { Check } from './check-state.js';
import { crashStates } from './disk/crash-states.js';
import { Disk } from './disk/disk.js';
import type { DiskEvent } from './disk/disk-event.js';
import { describeTree, writeTree } from './disk/tree.js';
import type { Recording } from './recording.js';
import type { Scenario } from './scenarios.js';

export interface Search {
  readonly check: Check;
  /** An empty directory for the states. In memory, it makes the search fast. */
  readonly scratch: string;
  /** The most states to check after each event. If there are more, that many random ones are checked. */
  readonly most: number;
  readonly random: Random;
}

/** The most faults to report. */
const MOST_FAULTS = 3;

/** Checks every state that a crash may leave, after each event of a recording. Returns what is wrong, as texts. */
export function findFaults(
  { directory, before, events }: Recording,
  scenario: Scenario,
  { check, scratch, most, random }: Search,
): string[] {
  const disk = new Disk(directory, before);
  const printed: string[] = [];
  const seen = new Set<string>();
  const faults: string[] = [];
  for (const event of [undefined, ...events]) {
    if (event !== undefined) disk.apply(event);
    // An indented line only explains the line above it.
    if (event?.kind === 'output') printed.push(...event.text.split('\n').filter((line) => /^\S/.test(line)));
    if (printed.length < (scenario.promisesAfter ?? 0)) continue;
    for (const tree of crashStates(disk, most, random)) {
      const state = describeTree(tree);
      const key = `${printed.join('\n')}\n${state}`;
      if (seen.has(key)) continue;
      seen.add(key);
      const copy = join(scratch, String(seen.size));
      writeTree(copy, tree);
      const fault = check(tree, copy, scenario, printed);
      if (fault !== undefined) faults.push(`${fault}\nA crash after ${describeEvent(event)} may leave:\n${state}`);
      if (faults.length === MOST_FAULTS) return faults;
    }
  }
  return faults;
}

function describeEvent(event: DiskEvent | undefined): string {
  if (event === undefined) return 'the start';
  if (event.kind === 'output') return `the output of ${JSON.stringify(event.text)}`;
  return `'${event.kind}' of ${event.path}${'to' in event ? ` to ${event.to}` : ''}`;
}
