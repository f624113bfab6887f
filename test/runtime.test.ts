import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadAddon } from '../src/lock/binding/load-addon.js';
import { root } from './support/package/dist.js';
import { loadedAddons } from './support/package/loaded-addons.cjs';
import { Child } from './support/process/child.js';
import { lockScript } from './support/process/lock-script.js';
import { runtime } from './support/run/runtime.js';
import { temporaryDirectory } from './support/temporary-directory.js';

// That the tests themselves run on what the run is for is seen to by support/run/expected-runtime.ts, in each file of them.
test('the processes that the tests start run on the same runtime as the tests', async () => {
  const child = Child.node(['-e', `console.log(process.versions[${JSON.stringify(runtime)}])`]);
  expect(await child.line()).toBe(process.versions[runtime]);
});

test('the processes that the tests start have the same binary as the tests, and no other', async () => {
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
