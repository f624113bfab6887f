import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { type FileLock, LockTimeoutError, lock, lockSync, tryLock, withLock, ZjjError } from '../../src/lock/index.js';
import { root } from '../support/package/dist.js';
import { Child } from '../support/process/child.js';
import { holdElsewhere } from '../support/process/lock-holder.js';
import { waitForNoWaitThread } from '../support/process/process-state.js';
import { hasCommand } from '../support/requires/commands.js';
import { HANG_TIMEOUT_MS } from '../support/run/hang-timeout.js';
import { commandLine } from '../support/run/runtime.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const isLinux = process.platform === 'linux';
const isWindows = process.platform === 'win32';
const lockPath = () => join(temporaryDirectory(), 'x.lock');

/** Whether nobody holds the lock. A second descriptor in this process contends like another process. */
function isFree(path: string): boolean {
  const held = tryLock(path);
  held?.release();
  return held !== null;
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ZjjError);
  return (error as ZjjError).code;
}

function thrownCode(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    expect(error).toBeInstanceOf(ZjjError);
    return (error as ZjjError).code;
  }
  throw new Error('nothing was thrown');
}

describe('lock', () => {
  test('holds the kernel lock until it is released, and `held` is false after that', async () => {
    const path = lockPath();
    const held = await lock(path);
    expect([held.path, held.mode, held.held]).toEqual([path, 'exclusive', true]);
    expect(isFree(path)).toBe(false);
    held.release();
    expect(held.held).toBe(false);
    held.release();
    expect(isFree(path)).toBe(true);
  });

  test('is released at the end of a using block', async () => {
    const path = lockPath();
    const held = await lock(path);
    held[Symbol.dispose]();
    expect(isFree(path)).toBe(true);
  });

  test('takes a URL', async () => {
    const path = lockPath();
    const held = await lock(pathToFileURL(path));
    expect(held.path).toBe(path);
    held.release();
  });

  test('serves the waiters of one thread first come, first served', async () => {
    const path = lockPath();
    const order: number[] = [];
    const first = await lock(path);
    const waits = Array.from({ length: 50 }, async (_, number) => {
      const held = await lock(path);
      order.push(number);
      await new Promise(setImmediate);
      held.release();
    });
    first.release();
    await Promise.all(waits);
    expect(order).toEqual(Array.from({ length: 50 }, (_, number) => number));
  });

  test('never has two holders among many tasks of one process and another process', async () => {
    const path = lockPath();
    const other = await holdElsewhere(path);
    let holders = 0;
    const tasks = Array.from({ length: 100 }, async () => {
      await withLock(path, async () => {
        expect(++holders).toBe(1);
        await new Promise(setImmediate);
        holders--;
      });
    });
    other.write('end');
    await Promise.all(tasks);
  });

  test('calls onWait once, with the holder that the lock file names', async () => {
    const path = lockPath();
    const held = await lock(path);
    const holders: unknown[] = [];
    const waiting = lock(path, { onWait: (holder) => holders.push(holder) });
    held.release();
    (await waiting).release();
    expect(holders).toMatchObject([{ pid: process.pid, alive: true }]);
  });

  test('allows shared holders together, and serves a writer before the readers that came after it', async () => {
    const path = lockPath();
    const order: string[] = [];
    const readers = await Promise.all([lock(path, { mode: 'shared' }), lock(path, { mode: 'shared' })]);
    const writer = lock(path).then((held) => {
      order.push('writer');
      held.release();
    });
    const late = lock(path, { mode: 'shared' }).then((held) => {
      order.push('reader');
      held.release();
    });
    for (const reader of readers) reader.release();
    await Promise.all([writer, late]);
    expect(order).toEqual(['writer', 'reader']);
  });
});

test('calls of one thread are served in order even if the first one pauses for other processes', async () => {
  const path = lockPath();
  for (let round = 0; round < 100; round++) {
    // After a millisecond of locks without a wait, the next call pauses.
    const until = performance.now() + 1.2;
    while (performance.now() < until) (await lock(path)).release();
    const order: string[] = [];
    const first = lock(path).then((held) => {
      order.push('first');
      held.release();
    });
    const later = performance.now() + 0.1;
    while (performance.now() < later);
    const second = lock(path).then((held) => {
      order.push('second');
      held.release();
    });
    await Promise.all([first, second]);
    expect(order).toEqual(['first', 'second']);
  }
});

test('waits are granted in a second evaluation of the package over the same addon', async () => {
  const path = lockPath();
  const other = await holdElsewhere(path);
  const child = Child.node([
    '-e',
    `const name = ${JSON.stringify(join(root, 'dist', 'lock', 'index.js'))};
     require(name).tryLock(${JSON.stringify(`${path}.other`)}).release();
     for (const file of Object.keys(require.cache)) if (!file.endsWith('.node')) delete require.cache[file];
     require(name).lock(${JSON.stringify(path)}, { onWait: () => console.log('waits') })
       .then((held) => console.log(held.held));`,
  ]);
  expect(await child.line()).toBe('waits');
  other.write('end');
  expect(await child.line()).toBe('true');
});

describe('a wait', () => {
  test('for another process ends with LOCK_TIMEOUT, and leaves no thread, descriptor or late grant', async () => {
    const path = lockPath();
    const other = await holdElsewhere(path);
    const count = () => (isLinux ? ['fd', 'task'].map((what) => readdirSync(`/proc/self/${what}`).length) : []);
    await lock(path, { timeout: 1 }).catch(() => {});
    await waitForNoWaitThread();
    const before = count();
    const error: unknown = await lock(path, { timeout: 30 }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(LockTimeoutError);
    expect(error).toMatchObject({ code: 'LOCK_TIMEOUT', path, timeout: 30 });
    expect((error as Error).message).toContain(`Timeout waiting for file lock on ${path} after 0.03 seconds.`);
    expect(count()).toEqual(before);
    other.write('end');
    await other.exit();
    expect(isFree(path)).toBe(true);
  });

  test('for this process ends with LOCK_TIMEOUT, and the message says so', async () => {
    const path = lockPath();
    const held = await lock(path);
    const error = (await lock(path, { timeout: 20 }).catch((reason: unknown) => reason)) as LockTimeoutError;
    expect(error.holder).toMatchObject({ pid: process.pid });
    expect(error.message).toContain('which is this process');
    held.release();
  });

  test('with a timeout of 0 tries once', async () => {
    const path = lockPath();
    const other = await holdElsewhere(path);
    expect(await codeOf(lock(path, { timeout: 0 }))).toBe('LOCK_TIMEOUT');
    other.write('end');
    await other.exit();
    (await lock(path, { timeout: 0 })).release();
  });

  test('that is aborted before or during the wait rejects with the reason, and leaves the lock free', async () => {
    const path = lockPath();
    const other = await holdElsewhere(path);
    const reason = new Error('aborted');
    await expect(lock(path, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const waiting = lock(path, { signal: controller.signal });
    const queued = lock(path, { signal: controller.signal });
    const outcomes = Promise.allSettled([waiting, queued]);
    controller.abort(reason);
    expect(await outcomes).toEqual([
      { status: 'rejected', reason },
      { status: 'rejected', reason },
    ]);
    other.write('end');
    await other.exit();
    expect(isFree(path)).toBe(true);
  });

  test('that its own onWait aborts rejects with the reason', async () => {
    const path = lockPath();
    const other = await holdElsewhere(path);
    const controller = new AbortController();
    const waiting = lock(path, { signal: controller.signal, onWait: () => controller.abort('mine') });
    await expect(waiting).rejects.toBe('mine');
    other.write('end');
  });

  test('can share its signal with a thousand others without a warning', async () => {
    const path = lockPath();
    const child = Child.node([
      '-e',
      `const { lock } = require(${JSON.stringify(join(root, 'dist', 'lock', 'index.js'))});
       const controller = new AbortController();
       const { signal } = controller;
       lock(${JSON.stringify(path)}).then(async (held) => {
         const waits = Array.from({ length: 1000 }, () => lock(held.path, { signal }));
         controller.abort();
         await Promise.allSettled(waits);
         held.release();
         console.log('done');
       });`,
    ]);
    expect([await child.line(), await child.exit(), child.stderr]).toEqual(['done', 0, '']);
  });

  test('is taken over by the next call in the queue when it is aborted', async () => {
    const path = lockPath();
    const other = await holdElsewhere(path);
    const controller = new AbortController();
    const first = lock(path, { signal: controller.signal });
    const second = lock(path);
    const rejected = expect(first).rejects.toMatchObject({ name: 'AbortError' });
    controller.abort();
    await rejected;
    other.write('end');
    (await second).release();
  });

  test('aborted just as the lock is released is granted or rejected, and the lock is never leaked', async () => {
    const path = lockPath();
    for (let round = 0; round < 200; round++) {
      const other = await lock(path);
      const controller = new AbortController();
      const waiting = lock(path, { signal: controller.signal });
      if (round % 2 === 0) other.release();
      controller.abort();
      other.release();
      const held: FileLock | undefined = await waiting.catch(() => undefined);
      held?.release();
      const free = tryLock(path);
      expect(free).not.toBeNull();
      free?.release();
    }
  });

  test('ends when the holder is killed', async () => {
    const path = lockPath();
    const other = await holdElsewhere(path);
    const waiting = lock(path);
    other.process.kill('SIGKILL');
    (await waiting).release();
  });
});

describe('lockSync', () => {
  test('waits for another process', async () => {
    const path = lockPath();
    const other = await holdElsewhere(path);
    // In a child: blocked in lockSync, this process could not tell the holder to release.
    const waiter = Child.node([
      '-e',
      `const { lockSync } = require(${JSON.stringify(join(root, 'dist', 'lock', 'index.js'))});
       const { writeSync } = require('node:fs');
       console.log(lockSync(${JSON.stringify(path)}, { onWait: () => writeSync(1, 'waits\\n') }).held);`,
    ]);
    expect(await waiter.line()).toBe('waits');
    other.write('end');
    expect(await waiter.line()).toBe('true');
  });

  test('times out', async () => {
    const path = lockPath();
    const other = await holdElsewhere(path);
    expect(thrownCode(() => lockSync(path, { timeout: 20 }))).toBe('LOCK_TIMEOUT');
    expect(thrownCode(() => lockSync(path, { timeout: 0 }))).toBe('LOCK_TIMEOUT');
    other.write('end');
  });

  test('throws LOCK_DEADLOCK at once if its own thread holds the lock', async () => {
    const path = lockPath();
    const held = await lock(path);
    expect(thrownCode(() => lockSync(path))).toBe('LOCK_DEADLOCK');
    expect(thrownCode(() => lockSync(path, { mode: 'shared' }))).toBe('LOCK_DEADLOCK');
    held.release();
    const reader = await lock(path, { mode: 'shared' });
    expect(thrownCode(() => lockSync(path))).toBe('LOCK_DEADLOCK');
    lockSync(path, { mode: 'shared' }).release();
    reader.release();
  });

  test.skipIf(isWindows).each(['exclusive', 'shared'] as const)(
    'goes ahead of asynchronous calls of its thread that wait for another process: %s (not on Windows)',
    async (mode) => {
      const path = lockPath();
      const other = await holdElsewhere(path);
      const pending = [lock(path), lock(path, { mode: 'shared' }), lock(path)];
      const timedOut = codeOf(lock(path, { timeout: 1 }));
      expect(thrownCode(() => lockSync(path, { mode, timeout: 0 }))).toBe('LOCK_TIMEOUT');
      expect(thrownCode(() => lockSync(path, { mode, timeout: 20 }))).toBe('LOCK_TIMEOUT');
      // This thread blocks, so the test cannot tell the holder to release.
      const onWait = () => void spawn('sh', ['-c', `sleep 0.2; kill ${other.pid}`]);
      const held = lockSync(path, { mode, onWait });
      expect(isFree(path)).toBe(false);
      expect(await codeOf(lock(path, { timeout: 0 }))).toBe('LOCK_TIMEOUT');
      expect(await timedOut).toBe('LOCK_TIMEOUT');
      held.release();
      for (const each of pending) (await each).release();
      expect(isFree(path)).toBe(true);
    },
  );

  test.each([0, HANG_TIMEOUT_MS])('takes a grant whose event has not come yet, timeout %d', async (timeout) => {
    for (let round = 0; round < 3; round++) {
      const path = lockPath();
      const other = await holdElsewhere(path);
      const pending = lock(path);
      other.process.kill('SIGKILL');
      // No turn of the event loop from here on. The kernel grants the lock to the thread of the pending call.
      const deadline = performance.now() + HANG_TIMEOUT_MS;
      let held: FileLock | undefined;
      while (held === undefined && performance.now() < deadline) {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
        try {
          held = lockSync(path, { timeout });
        } catch (error) {
          expect(error).toMatchObject({ code: 'LOCK_TIMEOUT' });
        }
      }
      expect(held?.held).toBe(true);
      held?.release();
      (await pending).release();
      expect(isFree(path)).toBe(true);
    }
  });

  test('throws LOCK_DEADLOCK if its own thread holds the lock by another name', () => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, 'real'));
    symlinkSync('real', join(directory, 'link'));
    using _held = lockSync(join(directory, 'real', 'x.lock'));
    expect(thrownCode(() => lockSync(join(directory, 'link', 'x.lock')))).toBe('LOCK_DEADLOCK');
  });
});

describe('withLock', () => {
  test('returns the result of its function, and releases the lock if the function throws', async () => {
    const path = lockPath();
    expect(await withLock(path, () => 5)).toBe(5);
    await expect(
      withLock(path, { timeout: 10 }, async () => {
        throw new Error('mine');
      }),
    ).rejects.toThrow('mine');
    expect(isFree(path)).toBe(true);
  });
});

test.each(['exclusive', 'shared'] as const)(
  'a data file can be locked in place, %s, and keeps every byte',
  async (mode) => {
    for (const text of ['{"a": 1}', '#!/bin/sh\n', 'x'.repeat(300), ' '.repeat(300)]) {
      const path = lockPath();
      writeFileSync(path, text);
      const held = await lock(path, { mode });
      expect(tryLock(path, { mode: 'exclusive' })).toBeNull();
      held.release();
      expect(readFileSync(path, 'utf8')).toBe(text);
    }
  },
);

describe('an invalid lock file', () => {
  const cases: Record<string, (path: string) => void> = {
    'a directory': (path) => mkdirSync(path),
    'a symbolic link': (path) => symlinkSync('elsewhere', path),
    ...(isWindows
      ? {}
      : {
          'a FIFO': (path) => execFileSync('mkfifo', [path]),
          'a device': (path) => symlinkSync('/dev/null', path),
        }),
  };

  test.each(Object.keys(cases))('%s gives LOCK_FILE_INVALID at once, and is not changed', async (name) => {
    const path = lockPath();
    cases[name]?.(path);
    expect(await codeOf(lock(path))).toBe('LOCK_FILE_INVALID');
    expect(thrownCode(() => lockSync(path))).toBe('LOCK_FILE_INVALID');
    expect(thrownCode(() => tryLock(path))).toBe('LOCK_FILE_INVALID');
    expect(existsSync(join(path, '..', 'elsewhere'))).toBe(false);
  });

  test('in a missing directory gives LOCK_IO, which names the directory, with the system error as its cause', async () => {
    const directory = join(temporaryDirectory(), 'no');
    const path = join(directory, 'nor', 'x.lock');
    const error: unknown = await lock(path).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: 'LOCK_IO',
      message: `Cannot lock ${path}: ${directory} does not exist (ENOENT)`,
      cause: { code: 'ENOENT', syscall: isWindows ? 'CreateFileW' : 'open' },
    });
  });

  test('with an empty path or a NUL byte in it gives LOCK_FILE_INVALID', async () => {
    expect(await codeOf(lock(''))).toBe('LOCK_FILE_INVALID');
    expect(await codeOf(lock('a\0b'))).toBe('LOCK_FILE_INVALID');
  });

  test.for(['file:///x/c.lock', 'https://host/c.lock', '~', '~/c.lock'])(
    'for %s gives LOCK_FILE_INVALID',
    async (path) => {
      expect(await codeOf(lock(path))).toBe('LOCK_FILE_INVALID');
      expect(() => lockSync(path)).toThrow(/ is a URL, not a path|^'~.* begins with ~/);
      expect(() => tryLock(path)).toThrow(expect.objectContaining({ code: 'LOCK_FILE_INVALID', path }));
    },
  );

  test('for a URL of another scheme gives a TypeError', async () => {
    await expect(lock(new URL('https://host/c.lock'))).rejects.toThrow(TypeError);
  });
});

test('invalid arguments give a RangeError or a TypeError, and create no file', async () => {
  const path = lockPath();
  await expect(lock(path, { timeout: Number.NaN })).rejects.toThrow(RangeError);
  await expect(lock(path, { timeout: -1 })).rejects.toThrow(RangeError);
  await expect(lock(path, { mode: 'both' as 'shared' })).rejects.toThrow(TypeError);
  await expect(lock(5 as unknown as string)).rejects.toThrow(TypeError);
  expect(existsSync(path)).toBe(false);
});

test.skipIf(isWindows)('a new lock file has the permissions of fileMode, less the umask (not on Windows)', async () => {
  const path = lockPath();
  (await lock(path, { fileMode: 0o600 })).release();
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('a read-only lock file can be locked, without a record', async (context) => {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot && !hasCommand('setpriv')) context.skip('setpriv is not installed, so root cannot become another user');
  const directory = temporaryDirectory();
  chmodSync(directory, 0o755);
  const path = join(directory, 'x.lock');
  writeFileSync(path, '');
  chmodSync(path, 0o444);
  // Root could write anyway, so another user tries.
  const source = `
    const { tryLock } = require(${JSON.stringify(join(root, 'dist', 'lock', 'index.js'))});
    console.log(tryLock(${JSON.stringify(path)}) !== null);`;
  const child = isRoot
    ? new Child('setpriv', ['--reuid=65534', '--clear-groups', ...commandLine(['-e', source])])
    : Child.node(['-e', source]);
  expect(await child.line()).toBe('true');
  expect(readFileSync(path, 'utf8')).toBe('');
});

test('garbage collection releases a lock that nothing refers to, with a warning', async () => {
  const path = lockPath();
  const child = Child.node([
    '--expose-gc',
    '-e',
    `const { tryLock } = require(${JSON.stringify(join(root, 'dist', 'lock', 'index.js'))});
     process.on('warning', ({ code }) => {
       console.log(code, tryLock(${JSON.stringify(path)}) !== null);
       process.exit();
     });
     tryLock(${JSON.stringify(path)});
     setInterval(gc, 1);`,
  ]);
  expect(await child.line()).toBe('ZJJ_LOCK_LEAKED true');
});

test('data that replaces the content of a lock file keeps every byte', async () => {
  const path = lockPath();
  (await lock(path)).release();
  // Written in place, which keeps the inode. A file system may also reuse the inode for a new file.
  const text = `${'x'.repeat(299)}\n`;
  writeFileSync(path, text);
  (await lock(path)).release();
  expect(readFileSync(path, 'utf8')).toBe(text);
});
