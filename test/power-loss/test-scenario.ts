import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { expect, type TestContext } from 'vitest';
import { requiresStrace } from '../support/process/strace.js';
import { Random } from '../support/random.mjs';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { type Check, checkConfig } from './check-state.js';
import type { DiskEvent } from './disk/disk-event.js';
import { findFaults } from './find-faults.js';
import { type Recording, record } from './recording.js';
import { type Scenario, scenarioOf } from './scenarios.js';

/** The most states to check after each event. Nearly all events have fewer. */
const MOST_STATES = 1000;

/** Checks every state that a crash may leave, and that the check notices each sync that is missing. */
export async function testScenario(name: string, context: TestContext): Promise<void> {
  requiresStrace(context);
  const scenario = scenarioOf(name);
  const recording = await recordScenario(scenario);
  expectAfterCrash(checkConfig, recording, scenario);
  const unnoticed = scenario.syncs.filter((synced) => {
    const events = recording.events.filter((event) => syncedName(event, recording.directory) !== synced);
    return search({ ...recording, events }, scenario, checkConfig, 0).length === 0;
  });
  expect(unnoticed).toEqual([]);
}

/** Fails if a state that a crash may leave does not pass a check. */
export function expectAfterCrash(check: Check, recording: Recording, scenario: Scenario): void {
  const seed = Math.floor(Math.random() * 2 ** 31);
  expect(search(recording, scenario, check, seed), `seed ${seed}`).toEqual([]);
}

/** Runs the program of a scenario in a fresh directory, and records what it writes. */
export function recordScenario(scenario: Scenario, env?: (directory: string) => NodeJS.ProcessEnv): Promise<Recording> {
  const directory = temporaryDirectory();
  const config = join(directory, scenario.config);
  scenario.prepare?.(config);
  return record(directory, scenario.command(config), env?.(directory));
}

/** Checks the states that a crash may leave. Returns what is wrong, as texts. */
export function search(recording: Recording, scenario: Scenario, check: Check, seed: number): string[] {
  const scratch = temporaryDirectory(existsSync('/dev/shm') ? '/dev/shm' : tmpdir());
  return findFaults(recording, scenario, { check, scratch, most: MOST_STATES, random: new Random(seed) });
}

/** The name of what a sync syncs, as in {@link Scenario.syncs}. */
function syncedName(event: DiskEvent, directory: string): string | undefined {
  if (event.kind !== 'sync begins' && event.kind !== 'sync ends') return undefined;
  return basename(event.path).startsWith('.c.toml') ? 'TEMPORARY' : relative(directory, event.path) || '.';
}
