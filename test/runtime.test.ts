import { expect, test } from 'vitest';
import { Child } from './support/child.js';
import { runtime } from './support/runtime.js';

// That the tests themselves run on what the run is for is seen to by support/expected-runtime.ts, in each file of them.
test('the processes that the tests start run on the same runtime as the tests', async () => {
  const child = Child.node(['-e', `console.log(process.versions[${JSON.stringify(runtime)}])`]);
  expect(await child.line()).toBe(process.versions[runtime]);
});
