import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { transact } from '../../../src/config/transaction/write-queue.js';
import {
  getConfigValue,
  lock,
  readConfig,
  setConfigValue,
  setConfigValueSync,
  updateConfig,
  updateConfigSync,
  ZjjError,
} from '../../../src/index.js';
import { withPackage } from '../../support/package/dist.js';
import { Child } from '../../support/process/child.js';
import { heldElsewhere } from '../../support/process/lock-holder.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const configPath = () => join(temporaryDirectory(), 'config.toml');

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
}

test('a lock held elsewhere makes a set fail with LOCK_TIMEOUT after its timeout, and leaves the file as it was', async () => {
  const path = configPath();
  const text = '# mine\nport = 1\n';
  writeFileSync(path, text);
  const other = await heldElsewhere(`${path}.lock`);
  const start = performance.now();
  const error = await rejection(setConfigValue(path, 'port', 2, { timeout: 80 }));
  expect(performance.now() - start).toBeGreaterThanOrEqual(79);
  expect(error).toBeInstanceOf(ZjjError);
  expect(error).toMatchObject({ code: 'LOCK_TIMEOUT', path: `${path}.lock`, timeout: 80 });
  expect(() => setConfigValueSync(path, 'port', 2, { timeout: 20 })).toThrow(/^Timeout waiting for file lock/);
  expect(readFileSync(path, 'utf8')).toBe(text);
  expect(readdirSync(join(path, '..')).sort()).toEqual(['config.toml', 'config.toml.lock']);
  other.write('end');
  await other.exit();
  await setConfigValue(path, 'port', 2, { timeout: 0 });
  expect(readFileSync(path, 'utf8')).toBe('# mine\nport = 2\n');
});

test('readers do not wait for the lock', async () => {
  const path = configPath();
  await setConfigValue(path, 'port', 1);
  await heldElsewhere(`${path}.lock`);
  expect(await getConfigValue(path, 'port')).toBe(1);
});

test('a stuck holder is reported after five seconds, one that is replaced by others is waited for', async () => {
  const path = configPath();
  const stuck = configPath();
  await heldElsewhere(`${stuck}.lock`);
  // Two processes that hand the lock to each other, never long, for more than five seconds.
  const script = withPackage(`
    const until = Date.now() + 7000;
    console.log('started');
    while (Date.now() < until) {
      const held = await zjj.lock(${JSON.stringify(`${path}.lock`)});
      await new Promise((resolve) => setTimeout(resolve, 300));
      held.release();
    }`);
  const first = await lock(`${path}.lock`);
  const others = [Child.node(script), Child.node(script), Child.node(script)];
  for (const other of others) await other.line();
  const start = performance.now();
  const isStuck = rejection(setConfigValue(stuck, 'port', 1));
  const moves = rejection(setConfigValue(path, 'port', 1));
  setTimeout(() => first.release(), 100);
  expect(await isStuck).toMatchObject({ code: 'LOCK_TIMEOUT', timeout: 5000 });
  expect(performance.now() - start).toBeGreaterThanOrEqual(4999);
  expect(await moves).toBeUndefined();
});

test('what comes before the wait is no part of the five seconds', async () => {
  const path = configPath();
  const other = await heldElsewhere(`${path}.lock`);
  setTimeout(() => other.write('end'), 5500);
  let isSlow = true;
  const locate = () => {
    // As a large config, or a busy machine.
    if (isSlow) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500);
    isSlow = false;
    return path;
  };
  await transact(locate, (transaction) => transaction.set('a', 1));
  expect(await readConfig(path)).toEqual({ a: 1 });
});

test('an aborted set rejects with the reason, and what was queued behind it is written', async () => {
  const path = configPath();
  const other = await heldElsewhere(`${path}.lock`);
  const controller = new AbortController();
  const reason = new Error('enough');
  const aborted = rejection(setConfigValue(path, 'a', 1, { signal: controller.signal }));
  const waiting = setConfigValue(path, 'b', 2);
  controller.abort(reason);
  expect(await aborted).toBe(reason);
  other.write('end');
  await waiting;
  expect(await readConfig(path)).toEqual({ b: 2 });
  expect(await rejection(setConfigValue(path, 'c', 3, { signal: AbortSignal.abort(reason) }))).toBe(reason);
});

test('onWait is told who holds the lock, once for each call', async () => {
  const path = configPath();
  const held = await lock(`${path}.lock`);
  const holders: unknown[] = [];
  const onWait = (holder: unknown) => holders.push(holder);
  const waiting = [setConfigValue(path, 'a', 1, { onWait }), setConfigValue(path, 'b', 2, { onWait })];
  held.release();
  await Promise.all(waiting);
  expect(holders).toMatchObject([{ pid: process.pid }, { pid: process.pid }]);
});

test('a call whose onWait throws rejects with that, and leaves no wait behind', async () => {
  const path = configPath();
  const other = await heldElsewhere(`${path}.lock`);
  const child = Child.node(
    withPackage(`
      await zjj.setConfigValue(${JSON.stringify(path)}, 'a', 1, { onWait() { throw new Error('mine'); } })
        .catch((error) => console.log(error.message));`),
  );
  expect(await child.line()).toBe('mine');
  expect(await child.exit()).toBe(0);
  other.write('end');
});

test('starting over again and again ends with the timeout, and with an abort', async () => {
  const path = configPath();
  writeFileSync(path, 'a = 0\n');
  let count = 0;
  // Somebody without the lock saves the file each time that it was read.
  const disturbed = (transaction: { set(key: string, value: number): void }) => {
    writeFileSync(path, `a = ${++count}\n`);
    transaction.set('b', 1);
  };
  expect(await rejection(updateConfig(path, disturbed, { timeout: 100 }))).toMatchObject({ code: 'LOCK_TIMEOUT' });
  expect(() => updateConfigSync(path, disturbed, { timeout: 100 })).toThrow(/^Timeout waiting/);
  const controller = new AbortController();
  const aborted = updateConfig(
    path,
    (transaction) => {
      disturbed(transaction);
      controller.abort('mine');
    },
    { signal: controller.signal, timeout: Number.POSITIVE_INFINITY },
  );
  expect(await rejection(aborted)).toBe('mine');
});

test('a synchronous write that would wait for its own thread throws LOCK_DEADLOCK at once', async () => {
  const path = configPath();
  let inner: unknown;
  await updateConfig(path, (transaction) => {
    transaction.set('a', 1);
    try {
      setConfigValueSync(path, 'b', 2);
    } catch (error) {
      inner = error;
    }
  });
  expect(inner).toMatchObject({ code: 'LOCK_DEADLOCK' });
  expect(await readConfig(path)).toEqual({ a: 1 });
});

test('a process that is killed while it holds the lock delays nobody, and its litter goes with the next write', async () => {
  const path = configPath();
  writeFileSync(path, 'port = 1\n');
  const holder = Child.node(
    withPackage(`
      await zjj.updateConfig(${JSON.stringify(path)}, (tx) => {
        tx.set('port', 2);
        require('node:fs').writeFileSync(${JSON.stringify(join(path, '..', '.config.toml.0123456789ab.tmp'))}, 'half');
        require('node:fs').writeSync(1, 'holds\\n');
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      });`),
  );
  expect(await holder.line()).toBe('holds');
  const waiting = setConfigValue(path, 'host', 'a');
  holder.process.kill('SIGKILL');
  await waiting;
  expect(readFileSync(path, 'utf8')).toBe('port = 1\nhost = "a"\n');
  expect(readdirSync(join(path, '..')).sort()).toEqual(['config.toml', 'config.toml.lock']);
});

test('writers whose lock file is deleted again and again lose nothing', async () => {
  const path = configPath();
  const script = withPackage(`
    for (let round = 0; round < 100; round++) {
      await zjj.updateConfig(${JSON.stringify(path)}, (tx) => tx.set('count', (tx.get('count') ?? 0) + 1));
    }`);
  const writers = Array.from({ length: 4 }, () => Child.node(script));
  let isOver = false;
  const deleting = (async () => {
    while (!isOver) {
      rmSync(`${path}.lock`, { force: true });
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  })();
  for (const writer of writers) expect([await writer.exit(), writer.stderr]).toEqual([0, '']);
  isOver = true;
  await deleting;
  expect(await readConfig(path)).toEqual({ count: 400 });
});
