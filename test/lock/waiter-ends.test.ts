import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type LockMode, lock } from '../../src/lock/index.js';
import { Child } from '../support/process/child.js';
import { isFree } from '../support/process/is-free.js';
import { heldElsewhere } from '../support/process/lock-holder.js';
import { lockScript } from '../support/process/lock-script.js';
import { blockedInKernel, stopped } from '../support/process/process-state.js';
import { rounds } from '../support/run/rounds.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const isLinux = process.platform === 'linux';
const lockPath = () => join(temporaryDirectory(), 'x.lock');

/** A process that waits for the lock, and says when it starts to and when it has it. */
async function waiterElsewhere(path: string, call = 'lock'): Promise<Child> {
  const child = Child.node(
    lockScript(
      path,
      `(await zjj.${call}(path, { onWait: () => fs.writeSync(1, 'waits\\n') })).release();
       console.log('held');`,
    ),
  );
  expect(await child.line()).toBe('waits');
  if (isLinux) await blockedInKernel(child.pid);
  return child;
}

describe('a waiter that is killed', () => {
  test.each(['lock', 'lockSync'])('in %s is granted nothing and delays nobody', async (call) => {
    const path = lockPath();
    const holder = await heldElsewhere(path);
    const killed = await waiterElsewhere(path, call);
    const next = await waiterElsewhere(path);
    killed.process.kill('SIGKILL');
    expect(await killed.exit()).toBe('SIGKILL');
    expect(isFree(path)).toBe(false);
    holder.write('end');
    expect(await next.line()).toBe('held');
    (await lock(path)).release();
  });

  test('just as the lock comes free leaves it free for the next', async () => {
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

test.skipIf(!isLinux)('a waiter that is stopped delays nobody, and has its turn after it goes on (Linux)', async () => {
  const path = lockPath();
  const holder = await heldElsewhere(path);
  const waiter = await waiterElsewhere(path);
  // Not by ChildProcess.kill, after which Deno takes it for ended.
  process.kill(waiter.pid, 'SIGSTOP');
  await stopped(waiter.pid);
  holder.write('end');
  (await lock(path)).release();
  process.kill(waiter.pid, 'SIGCONT');
  expect(await waiter.line()).toBe('held');
});

describe('a waiter that times out', () => {
  test('in the queue leaves those before and behind it their turn', async () => {
    const path = lockPath();
    const holder = await heldElsewhere(path);
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

  test.each(['exclusive', 'shared'] as const)('in the kernel leaves its place to the next, %s', async (mode) => {
    const path = lockPath();
    const holder = await heldElsewhere(path);
    const timedOut = lock(path, { timeout: 20 });
    const next = lock(path, { mode });
    await expect(timedOut).rejects.toMatchObject({ code: 'LOCK_TIMEOUT' });
    holder.write('end');
    const held = await next;
    expect(held.mode).toBe(mode);
    held.release();
    expect(isFree(path)).toBe(true);
  });

  test('while readers hold the lock lets the readers behind it in, though nobody released anything', async () => {
    const path = lockPath();
    const holder = await heldElsewhere(path, 'shared');
    const writer = lock(path, { timeout: 20 });
    const readers = [lock(path, { mode: 'shared' }), lock(path, { mode: 'shared' })];
    await expect(writer).rejects.toMatchObject({ code: 'LOCK_TIMEOUT' });
    for (const reader of await Promise.all(readers)) reader.release();
    holder.write('end');
  });

  test('just as the lock comes free is granted or rejected, and the lock is never lost', async () => {
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

/** What a process can wait for: one lock, one behind a lock of its own, and more than there are threads to wait. */
const pendingWaits = {
  'in the kernel': 'zjj.lock(path, options)',
  'in the queue': 'zjj.lock(path, options); zjj.lock(path, options)',
  'behind its own lock': 'zjj.tryLock(own); zjj.lock(own, options)',
  'for seventy files': 'for (const each of seventy) zjj.lock(each, options)',
};

/** A process that has waits pending and then does something; the locks are held elsewhere. */
async function processWithWaits(waits: string, options: string, then: string): Promise<[Child, Child]> {
  const path = lockPath();
  const seventy = Array.from({ length: 70 }, (_, number) => path + number);
  const holder = await heldElsewhere([path, ...seventy]);
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
  test('ends at process.exit() with that code', async () => {
    const [child] = await processWithWaits(waits, '{}', 'process.exit(7);');
    expect([await child.exit(), child.stderr]).toEqual([7, '']);
  });

  test('ends at process.exit() in a later turn of its event loop', async () => {
    const [child] = await processWithWaits(waits, '{}', 'setTimeout(() => process.exit(7), 5);');
    expect([await child.exit(), child.stderr]).toEqual([7, '']);
  });

  test('ends at an uncaught throw, and shows it', async () => {
    const [child] = await processWithWaits(waits, '{}', "setImmediate(() => { throw new Error('mine'); });");
    expect(await child.exit()).toBe(1);
    expect(child.stderr).toMatch(/error: mine/i);
  });

  test('ends at a signal', async () => {
    const [child] = await processWithWaits(waits, '{}', 'setInterval(() => {}, 1e6);');
    child.process.kill('SIGTERM');
    expect(await child.exit()).toBe('SIGTERM');
  });

  test('ends by itself where keepAlive is false, before its timeout', async () => {
    const [child] = await processWithWaits(waits, '{ keepAlive: false, timeout: 1e9 }', '');
    expect([await child.exit(), child.stderr]).toEqual([0, '']);
  });
});

describe('the end of the event loop', () => {
  test('does not come while one of two waits for another process is to keep it away', async () => {
    for (const [first, second, granted] of [
      [false, true, ['false', 'true']],
      // The other may still be pending when this one is over, and is then none that keeps it away.
      [true, false, ['true']],
    ] as const) {
      const path = lockPath();
      const holder = await heldElsewhere(path);
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

  test('does not come while seventy waits for another process are pending, which are then all granted', async () => {
    const [child, holder] = await processWithWaits(
      '',
      '{}',
      `const all = Promise.all(seventy.map((each) => zjj.lock(each)));
       console.log('still');
       const locks = await all;
       console.log(locks.filter((held) => held.held).length);`,
    );
    expect(await child.line()).toBe('still');
    holder.write('end');
    expect(await child.line()).toBe('70');
    expect(await child.exit()).toBe(0);
  });

  test('comes when the last wait that keeps it away times out', async () => {
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
  'an addon that was loaded only in a worker, which waits and is terminated, survives the signal of that wait (Linux)',
  async () => {
    const path = lockPath();
    const holder = await heldElsewhere(path);
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
         // Not those below, which Deno takes for itself when a worker starts.
         for (let number = 34; number <= 64; number++) {
           if ((taken >> BigInt(number - 1)) & 1n) {
             // Not by process.kill, which knows none of them on Deno.
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
