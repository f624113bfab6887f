import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { expect, type TestContext, test } from 'vitest';
import { root, withPackage } from '../support/package/dist.js';
import { Child } from '../support/process/child.js';
import { holdElsewhere } from '../support/process/lock-holder.js';
import { requires } from '../support/requires/requires.js';
import { runtime } from '../support/run/runtime.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

// The system refuses every further thread: pids.max of a cgroup or `ulimit -u` is reached. libuv would abort the process
// if its pool could not start.

const preload = ['--require', join(__dirname, '..', 'support', 'process', 'without-threads.cjs')];

/** A directory that the process may write. */
function directoryFor(context: TestContext): string {
  if (process.platform !== 'linux' || runtime !== 'node')
    context.skip('the limit is set with prlimit, before the script');
  if (process.geteuid?.() !== 0) context.skip('only root can become another user');
  requires(context, ['prlimit']);
  const directory = temporaryDirectory();
  chmodSync(directory, 0o777);
  return directory;
}

test('without a further thread every form of a lock still waits, times out and is granted', async (context) => {
  const path = join(directoryFor(context), 'x.lock');
  const holder = await holdElsewhere(path);
  chmodSync(path, 0o666);
  const child = Child.node([
    ...preload,
    ...withPackage(`
      const path = ${JSON.stringify(path)};
      const { lock, lockSync } = zjj;
      const failures = [
        await lock(path, { timeout: 30 }).catch(String),
        await lock(path, { signal: AbortSignal.timeout(30) }).catch(String),
      ];
      try {
        lockSync(path, { timeout: 30 });
      } catch (error) {
        failures.push(String(error));
      }
      console.log(failures.map((failure) => failure.split(':')[0]).join());
      const waiting = lock(path);
      console.log('waiting');
      (await waiting).release();
      lockSync(path, { onWait: () => console.log('waits') }).release();
      console.log('granted');`),
  ]);
  expect(await child.line()).toBe('LockTimeoutError,TimeoutError,LockTimeoutError');
  expect(await child.line()).toBe('waiting');
  holder.write('end');
  expect(await child.line()).toBe('granted');
  expect(await child.exit()).toBe(0);
});

test('without a further thread every form of a write is done', async (context) => {
  const config = join(directoryFor(context), 'new', 'c.toml');
  const child = Child.node([
    ...preload,
    ...withPackage(`
      const config = ${JSON.stringify(config)};
      await zjj.setConfigValue(config, 'a', 1);
      await zjj.setConfigValue(config, 'a', 2);
      await zjj.setConfigValue(config, 'a', 2);
      zjj.setConfigValueSync(config, 'b', 2);
      await zjj.unsetConfigValue(config, 'a');
      console.log(JSON.stringify(await zjj.readConfig(config)));`),
  ]);
  expect(await child.line()).toBe('{"b":2}');
  expect(await child.exit()).toBe(0);
});

test('without a further thread the command writes and reads', async (context) => {
  const config = join(directoryFor(context), 'c.toml');
  for (const args of [
    ['set', 'k', 'v'],
    ['set', 'k', 'w'],
    ['get', 'k'],
    ['unset', 'k'],
  ]) {
    const child = Child.node([...preload, join(root, 'dist/cli/main.js'), 'config', ...args, '--file', config]);
    const code = await child.exit();
    expect(`${code}${child.stderr}`).toBe('0');
  }
});
