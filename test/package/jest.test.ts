import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dist } from '../support/package/dist.js';
import { tool } from '../support/package/tools.js';
import { run } from '../support/process/run-command.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

/** Runs in Jest's own realm, with the globals of jsdom. */
const suite = `
const { join } = require('node:path');
const { ConfigStore, lock, lockSync, withLock, ZjjError } = require(${JSON.stringify(dist)});
const config = join(__dirname, 'config.toml');
const lockFile = join(__dirname, 'x.lock');

test('has the globals of jsdom', () => {
  expect(typeof window).toBe('object');
  expect(typeof setTimeout(() => {}, 0)).toBe('number');
});

test('lock', async () => {
  (await lock(lockFile)).release();
  lockSync(new URL('file://' + lockFile)).release();
  expect(await withLock(lockFile, () => 'held')).toBe('held');
  const held = await lock(lockFile);
  const controller = new AbortController();
  const aborted = lock(lockFile, { signal: controller.signal });
  controller.abort();
  await expect(aborted).rejects.toBe(controller.signal.reason);
  const error = await lock(lockFile, { timeout: 10 }).catch((reason) => reason);
  expect(error instanceof ZjjError && error.code).toBe('LOCK_TIMEOUT');
  held.release();
});

test('store', async () => {
  const store = new ConfigStore(config);
  const date = new Date('2026-11-23T08:30:00Z');
  await store.set('date', date);
  expect(new Date(await store.get('date')).getTime()).toBe(date.getTime());
  const changes = store.watch();
  const next = changes.next();
  await store.set('a', 1);
  expect((await next).value.new.a).toBe(1);
  await changes.return();
  const seen = new Promise((resolve) => {
    const listening = store.onChange(({ new: { a } }) => { listening[Symbol.dispose](); resolve(a); });
  });
  await store.set('a', 2);
  expect(await seen).toBe(2);
});

test('an error of the system is named', async () => {
  const error = await new ConfigStore(__dirname).set('a', 1).catch((reason) => reason);
  expect(error).toBeInstanceOf(ZjjError);
  expect(error.message).not.toContain('[object');
});
`;

test('the package works in Jest with jsdom', (context) => {
  const jest = tool(context, 'package', 'jest', 'bin/jest.js');
  const environment = tool(context, 'package', 'jest-environment-jsdom', 'build/index.js');
  const directory = temporaryDirectory();
  writeFileSync(join(directory, 'jest.config.json'), JSON.stringify({ testEnvironment: environment, watchman: false }));
  writeFileSync(join(directory, 'zjj.test.js'), suite);
  const { status, stderr } = run([process.execPath, jest, '--ci', '--runInBand'], directory);
  expect(stderr).toMatch(/Tests: +4 passed, 4 total/);
  expect(status).toBe(0);
});
