import { spawn } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  ConfigStore,
  getConfigValueSync,
  lock,
  lockSync,
  readConfig,
  setConfigValue,
  setConfigValueSync,
  unsetConfigValueSync,
  updateConfig,
  updateConfigSync,
} from '../../../src/index.js';
import { root, withPackage } from '../../support/package/dist.js';
import { Child } from '../../support/process/child.js';
import { holdElsewhere } from '../../support/process/lock-holder.js';
import { rejection } from '../../support/rejection.js';
import { HANG_TIMEOUT_MS } from '../../support/run/hang-timeout.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const configPath = () => join(temporaryDirectory(), 'config.toml');

/** Moments between an asynchronous write and the synchronous call after it. */
const moments: Record<string, () => Promise<unknown> | undefined> = {
  'at once': () => undefined,
  'in the next microtask': () => Promise.resolve(),
  'in the next turn': () => new Promise(setImmediate),
  'after a timer': () => new Promise((resolve) => setTimeout(resolve, 1)),
};

describe('a synchronous write while asynchronous ones of the same thread are pending', () => {
  test.each(Object.keys(moments))('comes after them, %s', async (moment) => {
    for (let round = 0; round < 25; round++) {
      const path = configPath();
      if (round % 2 === 0) await setConfigValue(path, 'first', 1);
      const order: string[] = [];
      const record = (name: string) => (transaction: { set(key: string, value: number): void }) => {
        order.push(name);
        transaction.set('value', order.length);
      };
      const pending = [updateConfig(path, record('a')), updateConfig(path, record('b'))];
      await moments[moment]?.();
      updateConfigSync(path, record('c'));
      expect(order).toEqual(['a', 'b', 'c']);
      expect(getConfigValueSync(path, 'value')).toBe(3);
      await Promise.all(pending);
      expect(getConfigValueSync(path, 'value')).toBe(3);
    }
  });

  test('by another name of the config, or of another store, comes after them too', async () => {
    const path = configPath();
    const directory = join(path, '..');
    symlinkSync('.', join(directory, 'link'));
    symlinkSync('config.toml', join(directory, 'other.toml'));
    for (const name of ['link/config.toml', 'other.toml', 'config.toml']) {
      const store = new ConfigStore(path);
      const other = new ConfigStore(join(directory, name));
      const pending = store.set('value', 1);
      expect(other.unsetSync('value')).toBe(true);
      await pending;
      expect(store.getSync('value')).toBeUndefined();
    }
  });

  test('does not matter to an unset of a config whose directory does not exist', async () => {
    const pending = setConfigValue(configPath(), 'a', 1);
    expect(unsetConfigValueSync(join(temporaryDirectory(), 'missing', 'config.toml'), 'a')).toBe(false);
    await pending;
  });

  test('lets each of them settle as it really ended', async () => {
    const path = configPath();
    const error = new Error('mine');
    const failing = rejection(
      updateConfig(path, (transaction) => {
        transaction.set('undone', 1);
        throw error;
      }),
    );
    const conflicting = rejection(setConfigValue(path, 'a.b', 1));
    const returned = updateConfig(path, (transaction) => {
      transaction.set('a.c', 2);
      return 'result';
    });
    setConfigValueSync(path, 'd', 3);
    expect([await failing, await conflicting, await returned]).toEqual([error, undefined, 'result']);
    expect(await readConfig(path)).toEqual({ a: { b: 1, c: 2 }, d: 3 });
  });

  test('fails with them if the config is not valid, each with its own error', async () => {
    const path = configPath();
    writeFileSync(path, 'not TOML');
    const pending = rejection(setConfigValue(path, 'a', 1));
    expect(() => setConfigValueSync(path, 'b', 2)).toThrow(expect.objectContaining({ code: 'CONFIG_PARSE' }));
    expect(await pending).toMatchObject({ code: 'CONFIG_PARSE' });
  });

  test('times out while another process holds the lock, and they wait on in their order', async () => {
    const path = configPath();
    const other = await holdElsewhere(`${path}.lock`);
    const order: number[] = [];
    const record = (number: number) => () => order.push(number);
    const options = { timeout: HANG_TIMEOUT_MS };
    const impatient = rejection(updateConfig(path, record(0), { timeout: 20 }));
    const patient = updateConfig(path, record(1), options);
    expect(() => setConfigValueSync(path, 'a', 1, { timeout: 100 })).toThrow(
      expect.objectContaining({ code: 'LOCK_TIMEOUT', timeout: 100 }),
    );
    expect(await impatient).toMatchObject({ code: 'LOCK_TIMEOUT', timeout: 20 });
    const later = updateConfig(path, record(2), options);
    other.write('end');
    await Promise.all([patient, later]);
    expect(order).toEqual([1, 2]);
  });

  test('waits for another process with them', async () => {
    const path = configPath();
    const other = await holdElsewhere(`${path}.lock`);
    const pending = setConfigValue(path, 'a', 1, { timeout: HANG_TIMEOUT_MS });
    const impatient = rejection(setConfigValue(path, 'b', 1, { timeout: 1 }));
    const holders: unknown[] = [];
    const onWait = (holder: unknown) => {
      holders.push(holder);
      // This thread blocks, so the test cannot tell the holder to release.
      spawn('sh', ['-c', `sleep 0.3; kill ${other.pid}`]);
    };
    setConfigValueSync(path, 'c', 3, { timeout: HANG_TIMEOUT_MS, onWait });
    expect(holders).toMatchObject([{ pid: other.pid }]);
    expect(getConfigValueSync(path, 'a')).toBe(1);
    await pending;
    expect(await impatient).toMatchObject({ code: 'LOCK_TIMEOUT', timeout: 1 });
    expect(await readConfig(path)).toEqual({ a: 1, c: 3 });
  });

  test('throws LOCK_DEADLOCK if this thread holds the lock file, and they are written after its release', async () => {
    const path = configPath();
    const held = await lock(`${path}.lock`);
    const pending = setConfigValue(path, 'a', 1, { timeout: HANG_TIMEOUT_MS });
    expect(() => setConfigValueSync(path, 'b', 2)).toThrow(expect.objectContaining({ code: 'LOCK_DEADLOCK' }));
    held.release();
    await pending;
    expect(await readConfig(path)).toEqual({ a: 1 });
  });

  test.each(['change', 'onWait'])(
    'throws LOCK_DEADLOCK inside their %s, and works there for another config',
    async (where) => {
      const path = configPath();
      const elsewhere = configPath();
      const pendingElsewhere = setConfigValue(elsewhere, 'a', 1);
      let inner: unknown;
      const nest = () => {
        try {
          setConfigValueSync(path, 'inner', 1);
        } catch (error) {
          inner = error;
        }
        setConfigValueSync(elsewhere, 'b', 2);
      };
      if (where === 'change') {
        await updateConfig(path, (transaction) => {
          transaction.set('outer', 1);
          nest();
        });
      } else {
        const held = await lock(`${path}.lock`);
        const pending = setConfigValue(path, 'outer', 1, { onWait: nest, timeout: HANG_TIMEOUT_MS });
        held.release();
        await pending;
      }
      expect(inner).toMatchObject({ code: 'LOCK_DEADLOCK' });
      setConfigValueSync(path, 'last', 1);
      expect(await readConfig(path)).toEqual({ outer: 1, last: 1 });
      await pendingElsewhere;
      expect(await readConfig(elsewhere)).toEqual({ a: 1, b: 2 });
    },
  );

  test('does not wait for calls that theirs have made', async () => {
    const path = configPath();
    const later: Promise<unknown>[] = [];
    const pending = updateConfig(path, (transaction) => {
      transaction.set('a', 1);
      later.push(setConfigValue(path, 'c', 3));
    });
    setConfigValueSync(path, 'b', 2);
    expect(getConfigValueSync(path, 'b')).toBe(2);
    await Promise.all([pending, ...later]);
    expect(await readConfig(path)).toEqual({ a: 1, b: 2, c: 3 });
  });

  test('times out if theirs start over again and again', async () => {
    const path = configPath();
    writeFileSync(path, 'a = 0\n');
    let count = 0;
    const controller = new AbortController();
    // Like a program that ignores the lock and saves the file after every read.
    const disturbed = rejection(
      updateConfig(
        path,
        (transaction) => {
          writeFileSync(path, `a = ${++count}\n`);
          transaction.set('b', 1);
        },
        { timeout: Number.POSITIVE_INFINITY, signal: controller.signal },
      ),
    );
    expect(() => setConfigValueSync(path, 'c', 1, { timeout: 100 })).toThrow(/^Timeout waiting/);
    controller.abort('mine');
    expect(await disturbed).toBe('mine');
  });
});

describe('lockSync', () => {
  test.each(Object.keys(moments))('ends a transaction of its thread that holds the lock file, %s', async (moment) => {
    for (let round = 0; round < 10; round++) {
      const path = configPath();
      const pending = setConfigValue(path, 'a', 1);
      await moments[moment]?.();
      lockSync(`${path}.lock`, round % 2 === 0 ? {} : { timeout: 0 }).release();
      await pending;
      expect(getConfigValueSync(path, 'a')).toBe(1);
    }
  });

  test('also by another name of the lock file', async () => {
    const path = configPath();
    symlinkSync('.', join(path, '..', 'link'));
    const pending = setConfigValue(path, 'a', 1);
    lockSync(join(path, '..', 'link', 'config.toml.lock')).release();
    await pending;
    expect(getConfigValueSync(path, 'a')).toBe(1);
  });

  test('comes before a lock() that waits for that transaction', async () => {
    const path = configPath();
    await setConfigValue(path, 'a', 0);
    const pending = setConfigValue(path, 'a', 1);
    const waiting = lock(`${path}.lock`);
    lockSync(`${path}.lock`).release();
    await pending;
    (await waiting).release();
  });

  test('throws LOCK_DEADLOCK inside the transaction', async () => {
    const path = configPath();
    let inner: unknown;
    await updateConfig(path, () => {
      try {
        lockSync(`${path}.lock`);
      } catch (error) {
        inner = error;
      }
    });
    expect(inner).toMatchObject({ code: 'LOCK_DEADLOCK' });
  });
});

describe('timeout 0', () => {
  test('is not refused while the own thread writes, in either form', async () => {
    const path = configPath();
    for (let round = 0; round < 25; round++) {
      const pending = [setConfigValue(path, 'a', round)];
      if (round % 2 === 0) await new Promise(setImmediate);
      pending.push(setConfigValue(path, 'b', round, { timeout: 0 }));
      if (round % 3 === 0) setConfigValueSync(path, 'c', round, { timeout: 0 });
      await Promise.all(pending);
      expect(getConfigValueSync(path, 'b')).toBe(round);
    }
  });

  test('is refused if another process has the lock, alone and beside calls that wait', async () => {
    const path = configPath();
    const other = await holdElsewhere(`${path}.lock`);
    const options = { timeout: 0 };
    expect(await rejection(setConfigValue(path, 'a', 1, options))).toMatchObject({ code: 'LOCK_TIMEOUT', timeout: 0 });
    const waiting = setConfigValue(path, 'b', 1, { timeout: HANG_TIMEOUT_MS });
    expect(await rejection(setConfigValue(path, 'a', 1, options))).toMatchObject({ code: 'LOCK_TIMEOUT', timeout: 0 });
    expect(() => setConfigValueSync(path, 'a', 1, options)).toThrow(expect.objectContaining({ code: 'LOCK_TIMEOUT' }));
    other.write('end');
    await waiting;
    expect(await readConfig(path)).toEqual({ b: 1 });
  });
});

/** Runs a script that ends in an 'exit' listener, and returns its exit status and what it wrote. */
async function runToExit(script: string): Promise<[unknown, string]> {
  const child = Child.node(withPackage(script));
  return [await child.exit(), child.stderr];
}

describe("in an 'exit' listener", () => {
  test.each([
    ['nothing has been granted', ''],
    ['the lock has been granted', 'await null;'],
    ['the commit runs', 'await new Promise(setImmediate);'],
  ])('a synchronous write keeps one pending write and many: %s', async (_, moment) => {
    for (const count of [1, 200]) {
      for (const isNew of [true, false]) {
        const path = configPath();
        if (!isNew) writeFileSync(path, 'old = 1\n');
        const script = `
          const store = new zjj.ConfigStore(${JSON.stringify(path)});
          for (let n = 0; n < ${count}; n++) store.set(['keys', 'k' + n], n);
          ${moment}
          process.on('exit', () => store.setSync('last', 1));
          process.exit(3);`;
        expect(await runToExit(script)).toEqual([3, '']);
        const { last, keys } = (await readConfig(path)) as { last: number; keys: object };
        expect([last, Object.keys(keys).length]).toEqual([1, count]);
      }
    }
  });

  test('a synchronous write waits for another process that holds the lock', async () => {
    const path = configPath();
    const other = await holdElsewhere(`${path}.lock`);
    const child = Child.node(
      withPackage(`
        const store = new zjj.ConfigStore(${JSON.stringify(path)}, { timeout: ${HANG_TIMEOUT_MS} });
        store.set('a', 1);
        await new Promise(setImmediate);
        process.on('exit', () => {
          console.log('exits');
          store.setSync('b', 2);
        });
        process.exit(3);`),
    );
    expect(await child.line()).toBe('exits');
    setTimeout(() => other.write('end'), 300);
    expect([await child.exit(), child.stderr]).toEqual([3, '']);
    expect(await readConfig(path)).toEqual({ a: 1, b: 2 });
  });
});

test('a worker can be terminated while its synchronous write waits with pending ones', async () => {
  const path = configPath();
  await holdElsewhere(`${path}.lock`);
  const child = Child.node(
    withPackage(`
      const { Worker } = require('node:worker_threads');
      const source = \`
        const { setConfigValue, setConfigValueSync } = require(${JSON.stringify(join(root, 'dist', 'index.js'))});
        setConfigValue(${JSON.stringify(path)}, 'a', 1);
        setConfigValueSync(${JSON.stringify(path)}, 'b', 2, {
          timeout: Infinity,
          onWait: () => require('node:worker_threads').parentPort.postMessage('waits'),
        });\`;
      const worker = new Worker(source, { eval: true });
      worker.once('message', async () => {
        await worker.terminate();
        console.log('terminated');
      });`),
  );
  expect(await child.line()).toBe('terminated');
  expect(await child.exit()).toBe(0);
});
