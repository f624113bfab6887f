import { test } from 'vitest';
import { testScenario } from './test-scenario.js';

// A selection that takes a few seconds. `npm run test:power-loss` runs all.

test.for([
  'asynchronous, creates a config and its directories',
  'asynchronous, replaces a config',
  'synchronous, replaces a config',
  'synchronous, sets a key to the value that another program has just stored',
  'zjj config, five processes at once',
])('%s: a crash loses no acknowledged write', testScenario);
