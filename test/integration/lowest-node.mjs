// Tests the built package on the lowest Node.js that package.json allows, which is too old for vitest. Covers the
// features that such a version may lack. scripts/test/test-runtimes.mjs runs it.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

const zjj = await import('zjj');
const lockOnly = await import('zjj/lock');
const { lock, lockSync, tryLock, withLock } = zjj;
const require = createRequire(import.meta.url);
const entry = JSON.stringify(require.resolve('zjj/lock'));
const directory = mkdtempSync(join(tmpdir(), 'zjj-test-'));
after(() => rmSync(directory, { recursive: true }));

let paths = 0;
const lockPath = () => join(directory, `${paths++}.lock`);

/** Starts a process that holds the lock until it reads a line. */
async function holdInOtherProcess(path) {
  const script = `
    const held = require(${entry}).lockSync(${JSON.stringify(path)});
    console.log('held');
    process.stdin.once('data', () => held.release() ?? process.stdin.destroy());`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
}

test('this is the lowest version that package.json allows', () => {
  const manifest = join(dirname(fileURLToPath(import.meta.url)), '../../package.json');
  const { engines } = JSON.parse(readFileSync(manifest, 'utf8'));
  assert.equal(`>=${process.versions.node.replace(/\.0$/, '')}`, engines.node);
  assert.equal(process.env['ZJJ_RUNTIME'], `node ${process.versions.node}`);
});

test('zjj and zjj/lock export the same functions and classes to import and require', () => {
  for (const [name, value] of Object.entries(lockOnly)) {
    assert.equal(zjj[name], value);
    assert.equal(require('zjj')[name], value);
    assert.equal(require('zjj/lock')[name], value);
  }
});

test('a lock is held until its release, and waiters get it in order', async () => {
  const path = lockPath();
  const held = lockSync(path);
  assert.equal(tryLock(path), null);
  const order = [];
  const waits = [1, 2, 3].map((number) => withLock(path, () => order.push(number)));
  held[Symbol.dispose]();
  await Promise.all(waits);
  assert.deepEqual(order, [1, 2, 3]);
});

test('a wait for another process can time out, be aborted and be granted', async () => {
  const path = lockPath();
  const other = await holdInOtherProcess(path);
  await assert.rejects(lock(path, { timeout: 20 }), { code: 'LOCK_TIMEOUT' });
  assert.throws(() => lockSync(path, { timeout: 20 }), { code: 'LOCK_TIMEOUT' });
  const controller = new AbortController();
  const aborted = assert.rejects(lock(path, { signal: controller.signal }), { name: 'AbortError' });
  controller.abort();
  await aborted;
  const waiting = lock(path);
  other.stdin.write('end\n');
  (await waiting).release();
});

test('a worker can be terminated while it waits', async () => {
  const path = lockPath();
  const held = tryLock(path);
  const source = `
    require(${entry}).lock(${JSON.stringify(path)});
    require('node:worker_threads').parentPort.postMessage(0);`;
  const worker = new Worker(source, { eval: true });
  await once(worker, 'message');
  await worker.terminate();
  held.release();
  (await lock(path)).release();
});

test('the store writes and reads', async () => {
  const file = join(directory, 'config.toml');
  await zjj.setConfigValue(file, 'a.b', 5);
  assert.equal(await zjj.getConfigValue(file, 'a.b'), 5);
});
