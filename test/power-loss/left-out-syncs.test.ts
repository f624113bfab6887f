import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../support/package/dist.js';
import { requiresStrace } from '../support/process/strace.js';
import { requires } from '../support/requires/requires.js';
import { oncePerRun } from '../support/run/once-per-run.js';
import { checkConfig } from './check-state.js';
import { scenarioOf } from './scenarios.js';
import { recordScenario, search } from './test-scenario.js';

// The test of the test: zjj must fail it when fsync(2) leaves out everything, or any one file or directory.

const cases = [
  'asynchronous, creates a config and its directories',
  'synchronous, creates a config and its directories',
  'asynchronous, replaces a config',
  'synchronous, replaces a config',
  'synchronous, sets a key to the value that another program has just stored',
  'zjj config, creates a config',
  'zjj config, replaces a config',
].flatMap((name) => ['everything', ...scenarioOf(name).syncs].map((leftOut) => [name, leftOut] as const));

test.for(cases)('%s: fails without the fsync of %s', async ([name, leftOut], context) => {
  requiresStrace(context);
  requires(context, ['cc']);
  const scenario = scenarioOf(name);
  const library = join(oncePerRun('no-fsync', compile), 'no-fsync.so');
  const recording = await recordScenario(scenario, (directory) => ({
    LD_PRELOAD: library,
    NO_FSYNC_OF: patternOf(leftOut, directory, dirname(scenario.config)),
  }));
  expect(search(recording, scenario, checkConfig, 0)).not.toEqual([]);
});

function patternOf(leftOut: string, directory: string, home: string): string {
  if (leftOut === 'everything') return '*';
  return join(directory, leftOut === 'TEMPORARY' ? `${home}/.c.toml*` : leftOut);
}

function compile(directory: string): void {
  const source = join(root, 'test', 'power-loss', 'no-fsync.c');
  execFileSync('cc', ['-shared', '-fPIC', '-Wall', '-Werror', '-o', join(directory, 'no-fsync.so'), source]);
}
