// Stands in for `vitest` on platforms that vitest has no native parts for: vitest's own runner and assertions, as one
// script. scripts/test/test-platforms.mjs bundles it and calls `run`.

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
 * Runs the tests of `file`, except those that `skips` names, and writes the result of each one to `report` as JSON. If
 * there is no report, the process ended before its tests did.
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
    // If the process dies, the last of these lines names the test.
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

/** The name of a test after those of its file and suites, as vitest prints it. */
function nameOf(task) {
  return task.suite
    ? `${nameOf(task.suite)} > ${task.name}`
    : `${task.file.name}${task === task.file ? '' : ` > ${task.name}`}`;
}

function withParts(task) {
  return [task, ...(task.tasks ?? []).flatMap(withParts)];
}
