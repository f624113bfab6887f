// What the tests import as `vitest` where vitest has no native parts to run with: its own runner and its own assertions, as
// one script. scripts/test-platforms.mjs bundles it and calls `run`.

import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import {
  ASYMMETRIC_MATCHERS_OBJECT,
  ChaiStyleAssertions,
  chai,
  GLOBAL_EXPECT,
  JestAsymmetricMatchers,
  JestChaiExpect,
  JestExtend,
  setState,
} from '@vitest/expect';
import { getCurrentTest, startTests } from '@vitest/runner';

export { afterAll, afterEach, beforeAll, beforeEach, describe, onTestFinished, test } from '@vitest/runner';

for (const plugin of [JestExtend, JestChaiExpect, ChaiStyleAssertions, JestAsymmetricMatchers]) chai.use(plugin);

const assertion = (value, message) => chai.expect(value, message).withTest(getCurrentTest());
export const expect = Object.assign(assertion, chai.expect, globalThis[ASYMMETRIC_MATCHERS_OBJECT]);
globalThis[GLOBAL_EXPECT] = expect;
setState({ assertionCalls: 0 }, expect);

/**
 * Runs the tests of `file`, except those whose names `skips` has, and writes to `report` how each one ended, as JSON.
 * Without a report the process came to its end before its tests did.
 */
export async function run({ root, file, setupFiles, skips, timeout, report }) {
  const reasons = new Map();
  const runner = {
    pool: 'forks',
    config: {
      root,
      setupFiles,
      sequence: { concurrent: false, hooks: 'stack', setupFiles: 'list', shuffle: false },
      maxConcurrency: 1,
      testTimeout: timeout,
      hookTimeout: timeout,
      passWithNoTests: false,
      retry: 0,
      tags: [],
    },
    importFile: (path) => void createRequire(path)(path),
    onBeforeRunTask(test) {
      const skip = skips.find(({ name }) => nameOf(test).startsWith(name));
      if (skip === undefined || test.mode !== 'run') return;
      test.mode = 'skip';
      reasons.set(test, skip.reason);
    },
    // The last of these is of use where no report gets written.
    onBeforeTryTask: (test) => console.log(nameOf(test)),
  };
  const files = await startTests([file], runner);
  const results = files.flatMap(withParts).map((task) => ({
    name: nameOf(task),
    isTest: task.type === 'test',
    state: task.result?.state ?? task.mode,
    reason: reasons.get(task) ?? task.result?.note,
    milliseconds: task.result?.duration ?? 0,
    errors: (task.result?.errors ?? []).map(({ stack, message, diff }) => `${stack ?? message}\n${diff ?? ''}`),
  }));
  writeFileSync(report, JSON.stringify(results));
}

/** With those of its suites, as vitest shows it. */
function nameOf(task) {
  return task.suite
    ? `${nameOf(task.suite)} > ${task.name}`
    : `${task.file.name}${task === task.file ? '' : ` > ${task.name}`}`;
}

function withParts(task) {
  return [task, ...(task.tasks ?? []).flatMap(withParts)];
}
