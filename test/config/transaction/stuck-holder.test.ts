import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { readConfig, setConfigValue } from '../../../src/index.js';
import { dist, root, withPackage } from '../../support/package/dist.js';
import { Child } from '../../support/process/child.js';
import { waitUntilStopped } from '../../support/process/process-state.js';
import { requires } from '../../support/requires/requires.js';
import { requiresMount } from '../../support/requires/requires-mount.js';
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

test.skipIf(process.platform !== 'linux')(
  'a holder without a sign of life is reported after five seconds',
  async (context) => {
    requires(context, ['flock']);
    const path = configPath();
    writeFileSync(`${path}.lock`, '');
    const sleeper = new Child('flock', [`${path}.lock`, 'sh', '-c', 'echo held; exec sleep 1000']);
    expect(await sleeper.line()).toBe('held');
    // Another thread of this process holds the lock, and the wait itself keeps the process busy.
    const ownPath = configPath();
    const busy = Child.node(
      withPackage(`
      const { Worker } = require('node:worker_threads');
      const hold = 'require("' + require.resolve(${JSON.stringify(dist)}) + '").lockSync(' +
        ${JSON.stringify(JSON.stringify(`${ownPath}.lock`))} + ');' +
        'require("node:worker_threads").parentPort.on("message", () => {}).postMessage("held")';
      const worker = new Worker(hold, { eval: true });
      await new Promise((resolve) => worker.once('message', resolve));
      const spin = () => { for (const end = Date.now() + 20; Date.now() < end; ); };
      const timer = setInterval(spin, 40);
      await zjj.setConfigValue(${JSON.stringify(ownPath)}, 'a', 1).catch((error) => console.log(JSON.stringify(error)));
      clearInterval(timer);
      await worker.terminate();`),
    );
    const waiters = startWaiters(path);
    for (const waiter of waiters) expect(await waiter.line()).toBe('waits');
    const refused = { code: 'LOCK_TIMEOUT', timeout: 5000 };
    for (const child of [...waiters, busy]) expect(JSON.parse(await child.line())).toMatchObject(refused);
    sleeper.process.kill('SIGKILL');
  },
);

test.skipIf(process.platform !== 'linux')('a command of flock(1) that works is waited for', async (context) => {
  requires(context, ['flock']);
  const path = configPath();
  writeFileSync(`${path}.lock`, '');
  const go = join(dirname(path), 'go');
  const work = `echo held; while ! test -e '${go}'; do :; done`;
  const holder = new Child('flock', [`${path}.lock`, 'sh', '-c', work]);
  expect(await holder.line()).toBe('held');
  const waiters = startWaiters(path);
  for (const waiter of waiters) expect(await waiter.line()).toBe('waits');
  await new Promise((resolve) => setTimeout(resolve, 7_000));
  writeFileSync(go, '');
  for (const waiter of waiters) expect([await waiter.line(), await waiter.exit()]).toEqual(['{}', 0]);
});

test.skipIf(process.platform !== 'linux')(
  'sleeping holders that leave no record are waited for while they follow one another, in both forms',
  async (context) => {
    requires(context, ['flock']);
    const path = configPath();
    const lockPath = `${path}.lock`;
    writeFileSync(lockPath, '');
    // Each shares the lock with the next one, so that no waiter gets it in between. All of them together take ten seconds.
    const relay = `flock -s '${lockPath}' sh -c 'echo held; exec sleep 4' & sleep 3`;
    const holders = new Child('sh', ['-c', `${relay}; ${relay}; ${relay}; wait`]);
    expect(await holders.line()).toBe('held');
    const waiters = startWaiters(path);
    for (const waiter of waiters) expect(await waiter.line()).toBe('waits');
    for (const waiter of waiters) expect([await waiter.line(), await waiter.exit()]).toEqual(['{}', 0]);
  },
);

test('a queue of processes that may only read the lock file moves, though they leave no record', async (context) => {
  if (process.platform !== 'linux') context.skip('only Linux lists the holders of locks');
  if (process.geteuid?.() !== 0) context.skip('changing the user needs root');
  requires(context, ['setpriv']);
  const path = configPath();
  chmodSync(dirname(path), 0o777);
  writeFileSync(path, '');
  chmodSync(path, 0o666);
  writeFileSync(`${path}.lock`, '', { mode: 0o644 });
  // Each holder sleeps, so that only the hand-over tells that the queue moves. The last one waits for over six seconds.
  const writers = Array.from({ length: 22 }, (_, index) => {
    const form = index % 2 === 0 ? 'updateConfig' : 'updateConfigSync';
    const script = withPackage(`
      try {
        await zjj.${form}(${JSON.stringify(path)}, (transaction) => {
          transaction.set('k${index}', 1);
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
        });
        console.log('{}');
      } catch (error) {
        console.log(JSON.stringify(error));
      }`);
    return new Child('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, ...script]);
  });
  for (const writer of writers) expect(await writer.line()).toBe('{}');
  expect(Object.keys(await readConfig(path))).toHaveLength(writers.length);
});

test('a holder whose fsync takes longer than five seconds is waited for, by its own process too', async (context) => {
  requiresMount(context, { commands: ['python3'], device: '/dev/fuse' });
  const fuse = join(root, 'test', 'support', 'fuse-file-system.py');
  // The kernel lists its own locks. It does not list those of the file system: there, the record names the holder.
  const children = ['kernel', 'locks'].map((locks) => {
    const directory = temporaryDirectory();
    const script = withPackage(`
      const { spawn } = require('node:child_process');
      const path = ${JSON.stringify(join(directory, 'c.toml'))};
      const fs = require('node:fs');
      fs.writeFileSync(path, '');
      const first = zjj.setConfigValue(path, 'a', 1);
      await new Promise(setImmediate);
      const later = zjj.setConfigValue(path, 'b', 2);
      const set = 'require(' + ${JSON.stringify(JSON.stringify(dist))} + ').setConfigValueSync(' + JSON.stringify(path) + ', "c", 3)';
      const other = spawn(process.execPath, ['-e', set], { stdio: 'inherit' });
      const code = await new Promise((resolve) => other.on('exit', resolve));
      await Promise.all([first, later]).catch((error) => console.log(error.message));
      console.log(code + ' ' + JSON.stringify(await zjj.readConfig(path)));
      process.exit();`);
    return new Child('unshare', ['-m', 'python3', fuse, locks, directory, process.execPath, ...script], {
      env: { ...process.env, FSYNC_SECONDS: '6' },
    });
  });
  for (const child of children) {
    const [code, json = ''] = (await child.line()).split(' ');
    expect([code, JSON.parse(json)]).toEqual(['0', { a: 1, b: 2, c: 3 }]);
  }
});
