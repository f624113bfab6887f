import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readConfig, setConfigValue } from '../../../src/index.js';
import { withPackage } from '../../support/package/dist.js';
import { Child } from '../../support/process/child.js';
import { waitUntilStopped } from '../../support/process/process-state.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const configPath = () => join(temporaryDirectory(), 'config.toml');

/** Starts one process per form. Each sets a key with the default timeout and reports when it waits and how it ends. */
function startWaiters(path: string): Child[] {
  return ['async', 'sync'].map((form) =>
    Child.node(
      withPackage(`
        const store = new zjj.ConfigStore(${JSON.stringify(path)}, {
          onWait: () => require('node:fs').writeSync(1, 'waits\\n'),
        });
        try {
          ${form === 'sync' ? `store.setSync('sync', true)` : `await store.set('async', true)`};
          console.log('{}');
        } catch (error) {
          console.log(JSON.stringify(error));
          console.log(error.message);
        }`),
    ),
  );
}

test('a set times out after five seconds on a stopped holder, and the error names it, in both forms', async () => {
  const path = configPath();
  await setConfigValue(path, 'a', 1);
  const holder = Child.node(
    withPackage(`
      await zjj.updateConfig(${JSON.stringify(path)}, (transaction) => {
        transaction.set('a', 2);
        require('node:fs').writeSync(1, 'holds\\n');
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      });`),
  );
  expect(await holder.line()).toBe('holds');
  process.kill(holder.pid, 'SIGSTOP');
  await waitUntilStopped(holder.pid);
  for (const waiter of startWaiters(path)) {
    expect(await waiter.line()).toBe('waits');
    expect(JSON.parse(await waiter.line())).toMatchObject({
      code: 'LOCK_TIMEOUT',
      path: `${path}.lock`,
      timeout: 5000,
      holder: { pid: holder.pid, alive: true },
    });
    expect(await waiter.line()).toMatch(
      new RegExp(
        `^Timeout waiting for file lock on .*config\\.toml\\.lock after 5 seconds\\. Held by pid ${holder.pid} \\(`,
      ),
    );
    expect(await waiter.exit()).toBe(0);
  }
  expect(readFileSync(path, 'utf8')).toBe('a = 1\n');
});

test('a set waits longer than five seconds while the lock changes hands, in both forms', async () => {
  const path = configPath();
  const lockPath = `${path}.lock`;
  // The kernel may grant a free lock to a waiter too early. So one process keeps the lock and changes only the record.
  const holder = Child.node(
    withPackage(`
      const fs = require('node:fs');
      const held = zjj.lockSync(${JSON.stringify(lockPath)});
      const fd = fs.openSync(${JSON.stringify(lockPath)}, 'r+');
      console.log('holds');
      // The record changes from the start: on a busy machine, the second waiter can take seconds to start.
      let turnsLeft = Infinity;
      const timer = setInterval(() => {
        const since = new Date().toISOString();
        fs.writeSync(fd, JSON.stringify({ pid: process.pid, host: '', command: 'turn', since }).padEnd(256), 0);
        if (--turnsLeft > 0) return;
        clearInterval(timer);
        held.release();
      }, 500);
      process.stdin.once('data', () => {
        process.stdin.destroy();
        turnsLeft = 14;
      });`),
  );
  expect(await holder.line()).toBe('holds');
  const waiters = startWaiters(path);
  for (const waiter of waiters) expect(await waiter.line()).toBe('waits');
  holder.write('go');
  for (const waiter of waiters) expect([await waiter.line(), await waiter.exit()]).toEqual(['{}', 0]);
  expect(await readConfig(path)).toEqual({ async: true, sync: true });
});
