import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ConfigStore, setConfigValue, unsetConfigValue, updateConfig } from '../../../src/index.js';
import { type LockTimeoutError, lock, lockSync, withLock } from '../../../src/lock/index.js';
import { withPackage } from '../../support/package/dist.js';
import { Child } from '../../support/process/child.js';
import { holdElsewhere } from '../../support/process/lock-holder.js';
import { rejection } from '../../support/rejection.js';
import { runtime } from '../../support/run/runtime.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const lockPath = () => join(temporaryDirectory(), 'x.lock');
const SOON = { timeout: 20 };

/** Checks the first place in the error's stack. */
function expectPlace(error: unknown): void {
  expect(error).toMatchObject({ code: 'LOCK_TIMEOUT' });
  // Bun makes tail calls, after which the caller is no longer on the stack.
  if (runtime === 'bun') return;
  const { stack } = error as Error;
  expect(stack?.split('\n').find((line) => line.includes(' at '))).toContain('timeout-error.test.');
}

describe('the stack of a LOCK_TIMEOUT begins at the caller of', () => {
  test.for<[string, (path: string) => Promise<unknown>]>([
    ['lock', (path) => lock(`${path}.lock`, SOON)],
    ['withLock', (path) => withLock(`${path}.lock`, SOON, () => {})],
    ['setConfigValue', (path) => setConfigValue(path, 'a', 1, SOON)],
    ['updateConfig', (path) => updateConfig(path, () => {}, SOON)],
    ['store.set', (path) => new ConfigStore(path).set('a', 1, SOON)],
    ['store.update', (path) => new ConfigStore(path).update(() => {}, SOON)],
  ])('%s', async ([, call]) => {
    const path = lockPath();
    await holdElsewhere(`${path}.lock`);
    expectPlace(await rejection(call(path)));
  });

  test.for<[string, (path: string) => Promise<unknown>]>([
    ['unsetConfigValue', (path) => unsetConfigValue(path, 'a', SOON)],
    ['store.unset', (path) => new ConfigStore(path).unset('a', SOON)],
  ])('%s', async ([, call]) => {
    const path = lockPath();
    await setConfigValue(path, 'a', 1);
    await holdElsewhere(`${path}.lock`);
    expectPlace(await rejection(call(path)));
  });

  test('lock, after a pause because others contend', async () => {
    const path = lockPath();
    const other = await holdElsewhere(path);
    const first = lock(path);
    other.write('end');
    (await first).release();
    // The lock was just released after a wait, so these calls pause before they try.
    using _held = await lock(path);
    const errors = await Promise.all([rejection(lock(path, SOON)), rejection(lock(path, SOON))]);
    for (const error of errors) expectPlace(error);
  });

  test('lock and store.set, in the built package', async () => {
    const path = lockPath();
    const directory = temporaryDirectory();
    await holdElsewhere(`${path}.lock`);
    const child = Child.node(
      withPackage(`
        // Bun makes tail calls, after which the caller is no longer on the stack.
        const place = (error) => process.versions.bun
          ? 'eval'
          : error.stack.split('\\n').find((line) => line.includes(' at '));
        const path = ${JSON.stringify(path)};
        console.log(place(await zjj.lock(path + '.lock', { timeout: 20 }).catch((error) => error)));
        console.log(place(await new zjj.ConfigStore(path).set('a', 1, { timeout: 20 }).catch((error) => error)));
      `),
      { cwd: directory },
    );
    expect(await child.line()).toMatch(/eval/);
    expect(await child.line()).toMatch(/eval/);
  });
});

test('a stack that the program makes something else of does no harm', async () => {
  const path = lockPath();
  await holdElsewhere(path);
  const child = Child.node(
    withPackage(`
      Error.prepareStackTrace = (error, sites) => sites;
      await zjj.lock(${JSON.stringify(path)}, { timeout: 20 }).catch((error) => console.log(error.code));
    `),
  );
  expect(await child.line()).toBe('LOCK_TIMEOUT');
  expect(await child.exit()).toBe(0);
});

test.for<[string, (path: string) => Promise<unknown>]>([
  ['lock', (path) => lock(path, SOON)],
  ['lock with timeout 0', (path) => lock(path, { timeout: 0 })],
  ['lockSync with timeout 0', async (path) => lockSync(path, { timeout: 0 })],
  ['withLock', (path) => withLock(path, SOON, () => {})],
])('an upgrade that times out says that this process holds the lock: %s', async ([, call]) => {
  const path = lockPath();
  using _held = await lock(path, { mode: 'shared' });
  const error = (await rejection(call(path))) as LockTimeoutError;
  expect(error.message).toMatch(/ This process holds it itself\.$/);
  expect(error.holder).toBeUndefined();
});
