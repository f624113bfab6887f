import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadAddon } from '../src/lock/binding/load-addon.js';
import { root } from './support/package/dist.js';
import { loadedAddons } from './support/package/loaded-addons.cjs';
import { Child } from './support/process/child.js';
import { lockScript } from './support/process/lock-script.js';
import { runtime } from './support/run/runtime.js';
import { temporaryDirectory } from './support/temporary-directory.js';

// support/run/expected-runtime.ts checks the runtime of each test file. These tests check the processes that tests
// start.
test('a process that a test starts runs on the same runtime as the test', async () => {
  const child = Child.node(['-e', `console.log(process.versions[${JSON.stringify(runtime)}])`]);
  expect(await child.line()).toBe(process.versions[runtime]);
});

test('a process that a test starts loads the same binary as the test, and no other', async () => {
  const support = join(root, 'test', 'support', 'package', 'loaded-addons.cjs');
  const child = Child.node(
    lockScript(
      join(temporaryDirectory(), 'x.lock'),
      `const { loadedAddons } = require(${JSON.stringify(support)});
       console.log(process.arch, loadedAddons().join());
       zjj.lockSync(path);
       console.log(process.arch, loadedAddons().join());`,
    ),
  );
  loadAddon();
  expect(loadedAddons()).toHaveLength(1);
  expect(await child.line()).toBe(`${process.arch} `);
  expect(await child.line()).toBe(`${process.arch} ${loadedAddons()}`);
});
