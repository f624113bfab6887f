import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type LockMode, lock } from '../../src/lock/index.js';
import { Child } from '../support/process/child.js';
import { isFree } from '../support/process/is-free.js';
import { holdElsewhere } from '../support/process/lock-holder.js';
import { lockScript } from '../support/process/lock-script.js';
import { waitUntilBlocked, waitUntilStopped } from '../support/process/process-state.js';
import { rounds } from '../support/run/rounds.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const isLinux = process.platform === 'linux';
const lockPath = () => join(temporaryDirectory(), 'x.lock');

/** Starts a process that waits for the lock. It prints a line when it starts to wait, and one after the release. */
async function waiterElsewhere(path: string, call = 'lock'): Promise<Child> {
  const child = Child.node(
    lockScript(
      path,
      `(await zjj.${call}(path, { onWait: () => fs.writeSync(1, 'waits\\n') })).release();
       console.log('held');`,
    ),
  );
  expect(await child.line()).toBe('waits');
  if (isLinux) await waitUntilBlocked(child.pid);
  return child;
}

describe('a waiter that is killed', () => {
  test.each(['lock', 'lockSync'])('in %s gets no lock and delays nobody', async (call) => {
    const path = lockPath();
    const holder = await holdElsewhere(path);
    const killed = await waiterElsewhere(path, call);
    const next = await waiterElsewhere(path);
    killed.process.kill('SIGKILL');
    expect(await killed.exit()).toBe('SIGKILL');
    expect(isFree(path)).toBe(false);
    holder.write('end');
    expect(await next.line()).toBe('held');
    (await lock(path)).release();
  });

  test('just as the lock is released leaves it free for the next', async () => {
    const path = lockPath();
    for (let round = 0; round < Math.max(2, rounds(10)); round++) {
      const held = await lock(path);
      const waiter = await waiterElsewhere(path);
      if (round % 2 === 0) held.release();
      waiter.process.kill('SIGKILL');
      held.release();
      await waiter.exit();
      (await lock(path)).release();
    }
  });
});

test.skipIf(!isLinux)('a stopped waiter delays nobody, and gets the lock after it continues (Linux)', async () => {
  const path = lockPath();
  const holder = await holdElsewhere(path);
  const waiter = await waiterElsewhere(path);
  // Not ChildProcess.kill: after that, Deno considers the process exited.
  process.kill(waiter.pid, 'SIGSTOP');
  await waitUntilStopped(waiter.pid);
  holder.write('end');
  (await lock(path)).release();
  process.kill(waiter.pid, 'SIGCONT');
  expect(await waiter.line()).toBe('held');
});

describe('a waiter that times out', () => {
  test('in the queue does not affect the waiters before and behind it', async () => {
    const path = lockPath();
    const holder = await holdElsewhere(path);
    const order: string[] = [];
    const wait = async (name: string) => {
      const held = await lock(path);
      order.push(name);
      held.release();
    };
    const before = wait('before');
    const timedOut = lock(path, { timeout: 20 });
    const behind = wait('behind');
    await expect(timedOut).rejects.toMatchObject({ code: 'LOCK_TIMEOUT', holder: { pid: holder.pid } });
    expect(order).toEqual([]);
    holder.write('end');
    await Promise.all([before, behind]);
    expect(order).toEqual(['before', 'behind']);
  });

  test.each(['exclusive', 'shared'] as const)('in the kernel hands its wait to the next, %s', async (mode) => {
    const path = lockPath();
    const holder = await holdElsewhere(path);
    const timedOut = lock(path, { timeout: 20 });
    const next = lock(path, { mode });
    await expect(timedOut).rejects.toMatchObject({ code: 'LOCK_TIMEOUT' });
    holder.write('end');
    const held = await next;
    expect(held.mode).toBe(mode);
    held.release();
    expect(isFree(path)).toBe(true);
  });

  test('while readers hold the lock lets the readers behind it in without a release', async () => {
    const path = lockPath();
    const holder = await holdElsewhere(path, 'shared');
    const writer = lock(path, { timeout: 20 });
    const readers = [lock(path, { mode: 'shared' }), lock(path, { mode: 'shared' })];
    await expect(writer).rejects.toMatchObject({ code: 'LOCK_TIMEOUT' });
    for (const reader of await Promise.all(readers)) reader.release();
    holder.write('end');
  });

  test('just as the lock is released is granted or rejected, and the lock is never leaked', async () => {
    const path = lockPath();
    const outcomes = { granted: 0, rejected: 0 };
    const modes: LockMode[] = ['exclusive', 'shared'];
    const other = Child.node(
      lockScript(
        path,
        `for (;;) {
           const held = await zjj.lock(path);
           const until = performance.now() + Math.random() * 2;
           while (performance.now() < until);
           held.release();
         }`,
      ),
    );
    for (
      let round = 0;
      round < 100_000 && (round < rounds(300) || outcomes.granted * outcomes.rejected === 0);
      round++
    ) {
      const held = await lock(path, { timeout: 1 + Math.random(), mode: modes[round % 2] }).catch(() => undefined);
      outcomes[held === undefined ? 'rejected' : 'granted']++;
      held?.release();
    }
    expect(outcomes.granted * outcomes.rejected).toBeGreaterThan(0);
    other.process.kill('SIGKILL');
    await other.exit();
    expect(isFree(path)).toBe(true);
  });
});

/**
 * Ways to wait: in the kernel, behind such a wait, for a lock that the process itself holds, and for more locks than
 * there may be wait threads.
 */
const pendingWaits = {
  'in the kernel': 'zjj.lock(path, options)',
  'in the queue': 'zjj.lock(path, options); zjj.lock(path, options)',
  'behind its own lock': 'zjj.tryLock(own); zjj.lock(own, options)',
  'for seventy files': 'for (const each of seventy) zjj.lock(each, options)',
};

/** Starts a process that waits for locks of another process and then runs `then`. Returns it and the holder. */
async function processWithWaits(waits: string, options: string, then: string): Promise<[Child, Child]> {
  const path = lockPath();
  const seventy = Array.from({ length: 70 }, (_, number) => path + number);
  const holder = await holdElsewhere([path, ...seventy]);
  const child = Child.node(
    lockScript(
      path,
      `const seventy = ${JSON.stringify(seventy)};
       const own = path + '.own';
       const options = ${options};
       ${waits};
       console.log('waits');
       ${then}`,
    ),
  );
  expect(await child.line()).toBe('waits');
  return [child, holder];
}

describe.each(Object.entries(pendingWaits))('a process that waits %s', (_name, waits) => {
  test('exits at process.exit() with that code', async () => {
    const [child] = await processWithWaits(waits, '{}', 'process.exit(7);');
    expect([await child.exit(), child.stderr]).toEqual([7, '']);
  });

  test('exits at process.exit() in a later turn of the event loop', async () => {
    const [child] = await processWithWaits(waits, '{}', 'setTimeout(() => process.exit(7), 5);');
    expect([await child.exit(), child.stderr]).toEqual([7, '']);
  });

  test('exits at an uncaught error, and prints it', async () => {
    const [child] = await processWithWaits(waits, '{}', "setImmediate(() => { throw new Error('mine'); });");
    expect(await child.exit()).toBe(1);
    expect(child.stderr).toMatch(/error: mine/i);
  });

  test('is ended by a signal', async () => {
    const [child] = await processWithWaits(waits, '{}', 'setInterval(() => {}, 1e6);');
    child.process.kill('SIGTERM');
    expect(await child.exit()).toBe('SIGTERM');
  });

  test('exits by itself before its timeout if keepAlive is false', async () => {
    const [child] = await processWithWaits(waits, '{ keepAlive: false, timeout: 1e9 }', '');
    expect([await child.exit(), child.stderr]).toEqual([0, '']);
  });
});

describe('the event loop', () => {
  test('stays alive while one of two waits for another process has keepAlive', async () => {
    for (const [first, second, granted] of [
      [false, true, ['false', 'true']],
      // The process may exit before the second wait ends, because the second wait does not keep it alive.
      [true, false, ['true']],
    ] as const) {
      const path = lockPath();
      const holder = await holdElsewhere(path);
      const waiter = Child.node(
        lockScript(
          path,
          `const wait = async (keepAlive) => {
             (await zjj.lock(path, { keepAlive })).release();
             console.log(keepAlive);
           };
           wait(${first});
           wait(${second});
           console.log('waits');`,
        ),
      );
      expect(await waiter.line()).toBe('waits');
      holder.write('end');
      for (const keepAlive of granted) expect(await waiter.line()).toBe(keepAlive);
      expect(await waiter.exit()).toBe(0);
    }
  });

  test('stays alive while seventy waits for another process are pending, and all are granted', async () => {
    const [child, holder] = await processWithWaits(
      '',
      '{}',
      `const all = Promise.all(seventy.map((each) => zjj.lock(each)));
       console.log('pending');
       const locks = await all;
       console.log(locks.filter((held) => held.held).length);`,
    );
    expect(await child.line()).toBe('pending');
    holder.write('end');
    expect(await child.line()).toBe('70');
    expect(await child.exit()).toBe(0);
  });

  test('ends when the last wait with keepAlive times out', async () => {
    const [child] = await processWithWaits(
      'zjj.lock(path, { keepAlive: false })',
      '{}',
      'await zjj.lock(path, { timeout: 20 }).catch((error) => console.log(error.code));',
    );
    expect(await child.line()).toBe('LOCK_TIMEOUT');
    expect(await child.exit()).toBe(0);
  });
});

test.skipIf(!isLinux)(
  'a process survives the wait signal of an addon loaded only in a worker, after that worker is terminated in a wait (Linux)',
  async () => {
    const path = lockPath();
    const holder = await holdElsewhere(path);
    const child = Child.node([
      '-e',
      `const { Worker } = require('node:worker_threads');
       const { once } = require('node:events');
       const caught = () =>
         BigInt('0x' + /SigCgt:\\s*(\\w+)/.exec(require('node:fs').readFileSync('/proc/self/status', 'latin1'))[1]);
       (async () => {
         const before = caught();
         const script = ${JSON.stringify(lockScript(path, "zjj.lock(path); require('node:worker_threads').parentPort.postMessage(0);")[1])};
         const worker = new Worker(script, { eval: true });
         await once(worker, 'message');
         await worker.terminate();
         const taken = caught() & ~before;
         let signals = 0;
         // Not the signals below 34: Deno takes some of those for itself when a worker starts.
         for (let number = 34; number <= 64; number++) {
           if ((taken >> BigInt(number - 1)) & 1n) {
             // Not process.kill: Deno's does not know these signals.
             require('node:child_process').execFileSync('sh', ['-c', 'kill -' + number + ' ' + process.pid]);
             signals++;
           }
         }
         await new Promise(setImmediate);
         console.log(signals);
       })();`,
    ]);
    expect(await child.line()).toBe('1');
    expect([await child.exit(), child.stderr]).toEqual([0, '']);
    holder.write('end');
    (await lock(path)).release();
  },
);
