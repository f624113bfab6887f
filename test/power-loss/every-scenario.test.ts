import { test } from 'vitest';
import { requiresStrace } from '../support/process/strace.js';
import { checkSwept } from './check-state.js';
import { scenarioOf, scenarios } from './scenarios.js';
import { expectAfterCrash, recordScenario, testScenario } from './test-scenario.js';

test.for(Object.keys(scenarios))('%s: a crash loses no acknowledged write', testScenario);

test.for(['asynchronous, replaces a config', 'synchronous, creates a config', 'zjj config, five processes at once'])(
  '%s: the next writer sweeps what a crash left',
  async (name, context) => {
    requiresStrace(context);
    const scenario = scenarioOf(name);
    expectAfterCrash(checkSwept, await recordScenario(scenario), scenario);
  },
);
