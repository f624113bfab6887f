import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { transact } from '../../../src/config/transaction/transact.js';
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
import { holdElsewhere } from '../../support/process/lock-holder.js';
import { rejection } from '../../support/rejection.js';
import { HANG_TIMEOUT_MS } from '../../support/run/hang-timeout.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const configPath = () => join(temporaryDirectory(), 'config.toml');

test('a set fails with LOCK_TIMEOUT while another process holds the lock, and the file does not change', async () => {
  const path = configPath();
  const text = '# mine\nport = 1\n';
  writeFileSync(path, text);
  const other = await holdElsewhere(`${path}.lock`);
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
  await holdElsewhere(`${path}.lock`);
  expect(await getConfigValue(path, 'port')).toBe(1);
});

test('a set times out after five seconds on a stuck holder, but not while the lock changes hands', async () => {
  const path = configPath();
  const stuck = configPath();
  await holdElsewhere(`${stuck}.lock`);
  // For seven seconds, three processes pass the lock around. None holds it for long.
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
  const stuckSet = rejection(setConfigValue(stuck, 'port', 1));
  const movingSet = rejection(setConfigValue(path, 'port', 1));
  setTimeout(() => first.release(), 100);
  expect(await stuckSet).toMatchObject({ code: 'LOCK_TIMEOUT', timeout: 5000 });
  expect(performance.now() - start).toBeGreaterThanOrEqual(4999);
  expect(await movingSet).toBeUndefined();
});

test('the five seconds begin with the wait for the lock, not with the call', async () => {
  const path = configPath();
  const other = await holdElsewhere(`${path}.lock`);
  setTimeout(() => other.write('end'), 5500);
  let count = 0;
  const locate = () => {
    // The second call comes after the write has begun and before it waits. A large config or a busy machine delays it.
    if (++count === 2) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 4500);
    return path;
  };
  await transact(locate, (transaction) => transaction.set('a', 1));
  expect(await readConfig(path)).toEqual({ a: 1 });
});

test('an aborted set rejects with the reason, and the set queued behind it is written', async () => {
  const path = configPath();
  const other = await holdElsewhere(`${path}.lock`);
  const controller = new AbortController();
  const reason = new Error('enough');
  const aborted = rejection(setConfigValue(path, 'a', 1, { signal: controller.signal }));
  const waiting = setConfigValue(path, 'b', 2, { timeout: HANG_TIMEOUT_MS });
  controller.abort(reason);
  expect(await aborted).toBe(reason);
  other.write('end');
  await waiting;
  expect(await readConfig(path)).toEqual({ b: 2 });
  expect(await rejection(setConfigValue(path, 'c', 3, { signal: AbortSignal.abort(reason) }))).toBe(reason);
});

test('onWait gets the holder of the lock, once per call', async () => {
  const path = configPath();
  const held = await lock(`${path}.lock`);
  const holders: unknown[] = [];
  const onWait = (holder: unknown) => holders.push(holder);
  const waiting = [setConfigValue(path, 'a', 1, { onWait }), setConfigValue(path, 'b', 2, { onWait })];
  held.release();
  await Promise.all(waiting);
  expect(holders).toMatchObject([{ pid: process.pid }, { pid: process.pid }]);
});

test('a call whose onWait throws rejects with that error and stops waiting', async () => {
  const path = configPath();
  const other = await holdElsewhere(`${path}.lock`);
  const child = Child.node(
    withPackage(`
      await zjj.setConfigValue(${JSON.stringify(path)}, 'a', 1, { onWait() { throw new Error('mine'); } })
        .catch((error) => console.log(error.message));`),
  );
  expect(await child.line()).toBe('mine');
  expect(await child.exit()).toBe(0);
  other.write('end');
});

test('a transaction that starts over again and again ends at its timeout or abort', async () => {
  const path = configPath();
  writeFileSync(path, 'a = 0\n');
  let count = 0;
  // Like a program that ignores the lock and saves the file after every read.
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

test('a set gets the lock when its holder is killed, and removes the temporary file of the dead process', async () => {
  const path = configPath();
  writeFileSync(path, 'port = 1\n');
  const holder = Child.node(
    withPackage(`
      await zjj.updateConfig(${JSON.stringify(path)}, (tx) => {
        tx.set('port', 2);
        require('node:fs').writeFileSync(${JSON.stringify(join(path, '..', '.config.toml.zjj-0123456789abcdef.tmp'))}, 'half');
        require('node:fs').writeSync(1, 'holds\\n');
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      });`),
  );
  expect(await holder.line()).toBe('holds');
  const waiting = setConfigValue(path, 'host', 'a', { timeout: HANG_TIMEOUT_MS });
  holder.process.kill('SIGKILL');
  await waiting;
  expect(readFileSync(path, 'utf8')).toBe('port = 1\nhost = "a"\n');
  expect(readdirSync(join(path, '..')).sort()).toEqual(['config.toml', 'config.toml.lock']);
});

test('writers lose nothing while their lock file is deleted again and again', async () => {
  const path = configPath();
  const script = withPackage(`
    for (let round = 0; round < 100; round++) {
      const increment = (tx) => tx.set('count', (tx.get('count') ?? 0) + 1);
      await zjj.updateConfig(${JSON.stringify(path)}, increment, { timeout: ${HANG_TIMEOUT_MS} });
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
