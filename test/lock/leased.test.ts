import { join } from 'node:path';
import { expect, type TestContext, test } from 'vitest';
import { setConfigValue, setConfigValueSync } from '../../src/index.js';
import { lock, lockSync, tryLock } from '../../src/lock/index.js';
import { Child } from '../support/process/child.js';
import { lockScript } from '../support/process/lock-script.js';
import { requires } from '../support/requires/requires.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

/** Script for Python: leases the file as a file server does. A line on standard input ends the lease. */
const leaseScript = `
import fcntl, os, signal, sys
signal.signal(signal.SIGIO, signal.SIG_IGN)  # the kernel asks for the lease
fd = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
try:
    fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_WRLCK)
except OSError as error:
    print(error, flush=True)
    sys.exit()
print('leased', flush=True)
sys.stdin.readline()
fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_UNLCK)`;

async function leased(context: TestContext, path: string): Promise<Child> {
  if (process.platform !== 'linux') context.skip('leases need Linux');
  requires(context, ['python3']);
  const child = new Child('python3', ['-c', leaseScript, path]);
  const line = await child.line();
  if (line !== 'leased') context.skip(`this file system has no leases: ${line}`);
  return child;
}

test('a lock file that another process has leased is busy, in every call', async (context) => {
  const config = join(temporaryDirectory(), 'config.toml');
  const path = `${config}.lock`;
  const holder = await leased(context, path);
  const timedOut = { code: 'LOCK_TIMEOUT', path };
  expect(tryLock(path)).toBeNull();
  await expect(lock(path, { timeout: 0 })).rejects.toMatchObject(timedOut);
  await expect(lock(path, { timeout: 1 })).rejects.toMatchObject(timedOut);
  await expect(lock(path, { timeout: 50, mode: 'shared' })).rejects.toMatchObject(timedOut);
  expect(() => lockSync(path, { timeout: 50 })).toThrow(expect.objectContaining(timedOut));
  await expect(lock(path, { signal: AbortSignal.timeout(1) })).rejects.toMatchObject({ name: 'TimeoutError' });
  await expect(setConfigValue(config, 'a', 1, { timeout: 50 })).rejects.toMatchObject(timedOut);
  expect(() => setConfigValueSync(config, 'a', 1, { timeout: 50 })).toThrow(expect.objectContaining(timedOut));
  holder.write('end');
  await holder.exit();
  expect(tryLock(path)?.held).toBe(true);
});

test('waits for a lock file that another process has leased get the lock when the lease ends', async (context) => {
  const path = join(temporaryDirectory(), 'x.lock');
  const holder = await leased(context, path);
  const child = Child.node(
    lockScript(path, `zjj.lockSync(path, { onWait: () => console.log('waits') }).release(); console.log('held');`),
  );
  const first = lock(path);
  const second = lock(path);
  expect(await child.line()).toBe('waits');
  holder.write('end');
  (await first).release();
  (await second).release();
  expect(await child.line()).toBe('held');
});
