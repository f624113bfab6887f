import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tryLock } from '../../src/lock/index.js';
import { root } from '../support/package/dist.js';
import { Child } from '../support/process/child.js';
import { rounds } from '../support/run/rounds.js';
import { runtime } from '../support/run/runtime.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const lockModule = JSON.stringify(join(root, 'dist', 'lock', 'index.js'));

/** Script: acquires the lock of a terminated worker. In Deno, terminate() resolves before the worker is gone. */
const lockAfterTermination = runtime === 'deno' ? 'await lock(path)' : 'tryLock(path)';

/** A process that starts workers. Their source can use `lock`, `lockSync`, `tryLock`, `path` and `parentPort`. */
function processWithWorkers(path: string, script: string): Child {
  return Child.node([
    '-e',
    `const { Worker } = require('node:worker_threads');
     const { once } = require('node:events');
     const path = ${JSON.stringify(path)};
     const { lock, tryLock } = require(${lockModule});
     const start = (source) => new Worker(
       'const { parentPort } = require("node:worker_threads");' +
       'const { lock, lockSync, tryLock } = require(' + JSON.stringify(${lockModule}) + '); const path = ' + JSON.stringify(path) + ';' + source,
       { eval: true });
     (async () => {
       ${script}
     })();`,
  ]);
}

const lockPath = () => join(temporaryDirectory(), 'x.lock');

test('a worker terminated while its waits end does not crash the process or leave a lock behind', async () => {
  const path = lockPath();
  const child = processWithWorkers(
    path,
    `const threads = () => require('node:fs').readdirSync('/proc/self/task').length;
     for (let round = 0; round < ${rounds(40)}; round++) {
       let held = ${lockAfterTermination};
       const worker = start(
         'for (let i = 0; i < 4; i++) lock(path + i % 2, { timeout: i }).then((held) => held.release(), () => {});' +
         'lock(path).then((held) => held.release()); parentPort.postMessage(0);');
       await once(worker, 'message');
       if (round % 2) setImmediate(() => held.release());
       await worker.terminate();
       held.release();
     }
     console.log((${lockAfterTermination}) !== null);`,
  );
  expect(await child.line()).toBe('true');
  expect(await child.exit()).toBe(0);
});

test('terminating a worker releases the locks that it holds', async () => {
  const path = lockPath();
  const child = processWithWorkers(
    path,
    `const worker = start('globalThis.held = tryLock(path); parentPort.postMessage(0); setInterval(() => held, 1000)');
     await once(worker, 'message');
     const before = tryLock(path);
     await worker.terminate();
     console.log(before === null, (${lockAfterTermination}) !== null);`,
  );
  expect(await child.line()).toBe('true true');
});

test('a worker in lockSync can be terminated, and does not block process.exit()', async () => {
  const path = lockPath();
  const held = tryLock(path);
  const child = processWithWorkers(
    path,
    `const worker = start('parentPort.postMessage(0); lockSync(path)');
     await once(worker, 'message');
     await worker.terminate();
     const other = start('parentPort.postMessage(0); lockSync(path)');
     await once(other, 'message');
     process.exit(7);`,
  );
  expect(await child.exit()).toBe(7);
  held?.release();
});
