import { once } from 'node:events';
import {
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  type Addon,
  BUSY,
  DEADLOCK,
  FoundState,
  flagsOf,
  NO_TASK,
  Status,
  TIMED_OUT,
} from '../../src/lock/binding/addon.js';
import { loadAddon } from '../../src/lock/binding/load-addon.js';
import { dist } from '../support/package/dist.js';
import { loadedAddons } from '../support/package/loaded-addons.cjs';
import { Child } from '../support/process/child.js';
import { waitForNoWaitThread, waitUntilBlocked } from '../support/process/process-state.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const isLinux = process.platform === 'linux';
const isWindows = process.platform === 'win32';
const exclusive = flagsOf('exclusive');
const shared = flagsOf('shared');
const noTimeout = -1;

let addon: Addon;
const waits = new Map<number, (status: number) => void>();

beforeAll(() => {
  addon = loadAddon();
  addon.setup('{"pid":7,"host":"here","command":"test",', (index, status) => waits.get(index)?.(status));
});

/** The addon in another process. */
class AddonProcess {
  readonly child: Child;

  private constructor(child: Child) {
    this.child = child;
  }

  static async start(): Promise<AddonProcess> {
    const started = new AddonProcess(Child.node([join(__dirname, 'addon-child.cjs'), ...loadedAddons()]));
    expect(await started.answer()).toBe('ready');
    return started;
  }

  send(name: keyof Addon, ...args: readonly unknown[]): void {
    this.child.write(JSON.stringify([name, ...args]));
  }

  async answer(): Promise<unknown> {
    return JSON.parse(await this.child.line());
  }

  async call(name: keyof Addon, ...args: readonly unknown[]): Promise<unknown> {
    this.send(name, ...args);
    return this.answer();
  }

  /** Resolves once its wait thread is blocked in flock(2). */
  waitsInKernel(): Promise<void> {
    return waitUntilBlocked(this.child.pid);
  }
}

function lockPath(): string {
  return join(temporaryDirectory(), 'x.lock');
}

/** Resolves with the status of a wait of this process when it ends. */
function waitEnd(index: number): Promise<number> {
  return new Promise((resolve) => {
    addon.keepAlive(true);
    waits.set(index, (status) => {
      addon.keepAlive(false);
      waits.delete(index);
      resolve(status);
    });
  });
}

async function cancel(index: number, ended: Promise<number>): Promise<number> {
  let isDone = false;
  void ended.finally(() => {
    isDone = true;
  });
  while (!isDone) {
    addon.cancelWait(index);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return ended;
}

/** Counts the descriptors and threads of this process. Linux only. */
const countResources = () => (isLinux ? ['fd', 'task'].map((kind) => readdirSync(`/proc/self/${kind}`).length) : []);

describe('a second descriptor in the same process', () => {
  test('finds the lock held, and gets it after the release', () => {
    const path = lockPath();
    const first = addon.tryLock(path, exclusive, 0o666);
    expect(first).toBeGreaterThanOrEqual(0);
    expect(addon.tryLock(path, exclusive, 0o666)).toBe(BUSY);
    expect(addon.tryLock(path, shared, 0o666)).toBe(BUSY);
    expect(addon.release(first, false)).toBe(true);
    const second = addon.tryLock(path, exclusive, 0o666);
    expect(second).toBeGreaterThanOrEqual(0);
    addon.release(second, false);
  });

  test('shares a shared lock, which excludes an exclusive one', () => {
    const path = lockPath();
    const held = [addon.tryLock(path, shared, 0o666), addon.tryLock(path, shared, 0o666)];
    expect(held.every((index) => index >= 0)).toBe(true);
    expect(addon.tryLock(path, exclusive, 0o666)).toBe(BUSY);
    for (const index of held) addon.release(index, false);
    const index = addon.tryLock(path, exclusive, 0o666);
    expect(index).toBeGreaterThanOrEqual(0);
    addon.release(index, false);
  });

  test('waits on a thread, and gets the lock when the holder releases it', async () => {
    const path = lockPath();
    const held = addon.tryLock(path, exclusive, 0o666);
    const index = addon.startWait(path, exclusive, 0o666);
    const ended = waitEnd(index);
    expect(addon.foundState(index)).toBeUndefined();
    addon.release(held, false);
    expect(await ended).toBe(Status.ok);
    expect(addon.tryLock(path, exclusive, 0o666)).toBe(BUSY);
    addon.release(index, false);
  });

  test('can be cancelled, and leaves no thread, no descriptor and no late grant', async () => {
    const path = lockPath();
    const held = addon.tryLock(path, exclusive, 0o666);
    await waitForNoWaitThread();
    const before = countResources();
    const index = addon.startWait(path, exclusive, 0o666);
    const ended = waitEnd(index);
    expect(await cancel(index, ended)).toBe(Status.cancelled);
    expect(countResources()).toEqual(before);
    addon.release(held, false);
    const again = addon.tryLock(path, exclusive, 0o666);
    expect(again).toBeGreaterThanOrEqual(0);
    addon.release(again, false);
  });

  test('reports a deadlock instead of blocking on its own process', () => {
    const path = lockPath();
    const held = addon.tryLock(path, shared, 0o666);
    expect(addon.waitSync(path, exclusive, 0o666, noTimeout)).toBe(DEADLOCK);
    addon.release(held, false);
  });
});

describe('a second process', () => {
  test('times out in a blocking wait, and leaves nothing behind', async () => {
    const path = lockPath();
    const other = await AddonProcess.start();
    const held = addon.tryLock(path, exclusive, 0o666);
    expect(await other.call('waitSync', path, exclusive, 0o666, 50)).toBe(TIMED_OUT);
    if (isLinux) {
      const descriptors = `/proc/${other.child.pid}/fd`;
      expect(readdirSync(descriptors).map((fd) => readlinkSync(join(descriptors, fd)))).not.toContain(path);
    }
    addon.release(held, false);
    const again = addon.tryLock(path, exclusive, 0o666);
    expect(again).toBeGreaterThanOrEqual(0);
    expect(await other.call('tryLock', path, exclusive, 0o666)).toBe(BUSY);
    addon.release(again, false);
  });

  test('gets the lock in a blocking wait when the holder releases it', async () => {
    const path = lockPath();
    const other = await AddonProcess.start();
    const held = addon.tryLock(path, exclusive, 0o666);
    other.send('waitSync', path, exclusive, 0o666, noTimeout);
    await other.waitsInKernel();
    addon.release(held, false);
    expect(await other.answer()).toBeGreaterThanOrEqual(0);
    expect(addon.tryLock(path, exclusive, 0o666)).toBe(BUSY);
  });

  test('gets the lock on a wait thread when the holder releases it', async () => {
    const path = lockPath();
    const other = await AddonProcess.start();
    const held = addon.tryLock(path, exclusive, 0o666);
    const index = await other.call('startWait', path, exclusive, 0o666);
    await other.waitsInKernel();
    addon.release(held, false);
    expect(await other.answer()).toEqual(['ended', index, Status.ok]);
  });

  test('can be cancelled while it waits', async () => {
    const path = lockPath();
    const other = await AddonProcess.start();
    const held = addon.tryLock(path, exclusive, 0o666);
    const index = await other.call('startWait', path, exclusive, 0o666);
    await other.waitsInKernel();
    expect(await other.call('cancelWait', index)).toBe(true);
    expect(await other.answer()).toEqual(['ended', index, Status.cancelled]);
    addon.release(held, false);
  });

  test.each(['waitSync', 'startWait'] as const)('that is killed leaves the lock to a %s', async (wait) => {
    const path = lockPath();
    const [holder, waiter] = await Promise.all([AddonProcess.start(), AddonProcess.start()]);
    expect(await holder.call('tryLock', path, exclusive, 0o666)).toBeGreaterThanOrEqual(0);
    waiter.send(wait, path, exclusive, 0o666, noTimeout);
    await waiter.waitsInKernel();
    holder.child.process.kill('SIGKILL');
    await once(holder.child.process, 'exit');
    if (wait === 'waitSync') {
      expect(await waiter.answer()).toBeGreaterThanOrEqual(0);
    } else {
      const index = await waiter.answer();
      expect(await waiter.answer()).toEqual(['ended', index, Status.ok]);
    }
  });

  test('that is killed while it waits delays nobody', async () => {
    const path = lockPath();
    const waiter = await AddonProcess.start();
    const held = addon.tryLock(path, exclusive, 0o666);
    waiter.send('waitSync', path, exclusive, 0o666, noTimeout);
    await waiter.waitsInKernel();
    waiter.child.process.kill('SIGKILL');
    await once(waiter.child.process, 'exit');
    addon.release(held, false);
    const index = addon.tryLock(path, exclusive, 0o666);
    expect(index).toBeGreaterThanOrEqual(0);
    addon.release(index, false);
  });
});

describe('a lock file', () => {
  test('contains the record of an exclusive holder, and blanks after the release', () => {
    const path = lockPath();
    const index = addon.tryLock(path, exclusive, 0o666);
    const text = readFileSync(path, 'utf8');
    expect(text).toHaveLength(256);
    const record = JSON.parse(text) as { since: string };
    expect(record).toMatchObject({ pid: 7, host: 'here', command: 'test' });
    expect(Math.abs(Date.parse(record.since) - Date.now())).toBeLessThan(60_000);
    addon.release(index, false);
    expect(readFileSync(path, 'utf8').trim()).toBe('');
  });

  test('shows the next holder whether it was created, released clean, or neither', () => {
    const path = lockPath();
    const lockAndGetState = (clean: boolean) => {
      const index = addon.tryLock(path, exclusive, 0o666);
      const state = addon.foundState(index);
      addon.release(index, clean);
      return state;
    };
    expect([lockAndGetState(true), lockAndGetState(true), lockAndGetState(false), lockAndGetState(true)]).toEqual([
      FoundState.created,
      FoundState.clean,
      FoundState.clean,
      FoundState.unclean,
    ]);
    rmSync(path);
    expect(lockAndGetState(true)).toBe(FoundState.created);
  });

  test.skipIf(isWindows)(
    'that is replaced during a wait is given up for the new one (Windows cannot replace an open file)',
    async () => {
      const path = lockPath();
      const old = addon.tryLock(path, exclusive, 0o666);
      const index = addon.startWait(path, exclusive, 0o666);
      const ended = waitEnd(index);
      renameSync(path, `${path}.old`);
      expect(addon.isCurrent(old)).toBe(false);
      writeFileSync(path, '');
      addon.release(old, false);
      expect(await ended).toBe(Status.ok);
      expect(addon.isCurrent(index)).toBe(true);
      expect(addon.tryLock(path, exclusive, 0o666)).toBe(BUSY);
      addon.release(index, false);
    },
  );
});

test.each([NaN, Infinity, -1, -0.5, 0.5, 2 ** 32, '0', null, {}])('%s is the index of no lock', (number) => {
  const index = number as number;
  const path = lockPath();
  // A careless conversion makes the index 0 of these.
  const held = Array.from({ length: 8 }, (_, each) => addon.tryLock(path + each, exclusive, 0o666));
  expect(held).toContain(0);
  expect(addon.release(index, false)).toBe(false);
  expect(addon.isCurrent(index)).toBe(false);
  expect(addon.foundState(index)).toBeUndefined();
  expect(addon.cancelWait(index)).toBe(false);
  expect(addon.chown(index, -1, -1)).toBe(false);
  expect(addon.finish(index, 0)).toBeUndefined();
  expect(addon.commit?.(index, 0, path, path, path, 0, 0, 0, 0) ?? NO_TASK).toBe(NO_TASK);
  expect(held.map((each) => addon.isCurrent(each) && addon.release(each, false))).not.toContain(false);
});

test.skipIf(isWindows)('an owner that is no number leaves the owner as it is (POSIX)', () => {
  const path = lockPath();
  const held = addon.tryLock(path, exclusive, 0o666);
  const { uid, gid } = statSync(path);
  expect(addon.chown(held, NaN, 0.5)).toBe(true);
  expect(statSync(path)).toMatchObject({ uid, gid });
  addon.release(held, false);
});

describe('a wait that the thread finishes in place', () => {
  test('returns how it ended, and calls back no more', async () => {
    const path = lockPath();
    const held = addon.tryLock(path, exclusive, 0o666);
    const index = addon.startWait(path, exclusive, 0o666);
    let ends = 0;
    waits.set(index, () => ends++);
    expect(addon.finish(index, 0)).toBeUndefined();
    expect(addon.finish(index, 5)).toBeUndefined();
    addon.release(held, false);
    expect(addon.finish(index, noTimeout)).toEqual([index, Status.ok, expect.any(Boolean), 0, '']);
    expect(addon.isCurrent(index)).toBe(true);
    expect(addon.finish(index, noTimeout)).toBeUndefined();
    // The thread has queued the call. It must not reach a later wait with the same index.
    addon.release(index, false);
    const other = addon.tryLock(path, exclusive, 0o666);
    const later = addon.startWait(path, exclusive, 0o666);
    waits.set(later, () => ends++);
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
    expect(ends).toBe(0);
    const ended = waitEnd(later);
    addon.release(other, false);
    expect(await ended).toBe(Status.ok);
    addon.release(later, false);
  });
});

describe.skipIf(isWindows)('a sync on a thread (POSIX)', () => {
  test('calls back, or is finished in place', async () => {
    const fd = openSync(lockPath(), 'w');
    const first = addon.sync?.(fd) as number;
    expect(await waitEnd(first)).toBe(0);
    const second = addon.sync?.(fd) as number;
    const ended = waitEnd(second);
    expect(addon.finish(second, noTimeout)).toEqual([second, 0, false, 0, '']);
    waits.delete(second);
    addon.keepAlive(false);
    closeSync(fd);
    expect(addon.finish(addon.sync?.(fd) as number, noTimeout)).toMatchObject({
      1: 1,
      3: constants.errno.EBADF,
      4: 'fsync',
    });
    await Promise.race([ended, new Promise(setImmediate)]);
  });
});

test('two copies of the package in one thread see that they would deadlock', async () => {
  const child = Child.node([
    '-e',
    `const load = () => {
       for (const key of Object.keys(require.cache)) delete require.cache[key];
       return require(${JSON.stringify(dist)});
     };
     const path = ${JSON.stringify(lockPath())};
     const held = load().lockSync(path);
     for (const copy of [load(), load()]) {
       try {
         copy.lockSync(path);
       } catch (error) {
         console.log(error.code);
       }
     }
     held.release();
     load().lockSync(path).release();
     console.log('granted');`,
  ]);
  for (const line of ['LOCK_DEADLOCK', 'LOCK_DEADLOCK', 'granted']) expect(await child.line()).toBe(line);
});
