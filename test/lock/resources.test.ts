import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Child } from '../support/process/child.js';
import { holdElsewhere } from '../support/process/lock-holder.js';
import { lockScript } from '../support/process/lock-script.js';
import { rounds } from '../support/run/rounds.js';
import { runtime } from '../support/run/runtime.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const isLinux = process.platform === 'linux';
/** The size of a promise and a timer depends on the runtime. Only Node.js's is known. */
const bytesLimit = runtime === 'node' ? 1024 : 4096;
/** Runtimes other than Node.js may start threads of their own at any time. */
const extraThreads = runtime === 'node' ? 0 : 8;
const lockPath = () => join(temporaryDirectory(), 'x.lock');

/** Script: measures the process's threads, descriptors and heap. */
const measures = `
  const count = () => ['task', 'fd'].map((kind) => fs.readdirSync('/proc/self/' + kind).length);
  const isAbout = (expected, threads) => (threads >= expected && threads <= expected + ${extraThreads}) || threads;
  const heap = () => {
    gc();
    gc();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };`;

describe.skipIf(!isLinux)('the cost of waits in one process (reads /proc, so Linux)', () => {
  test.each([
    ['without options', 'undefined'],
    ['with a timeout', '{ timeout: 1e9 }'],
    ['with a signal', '{ signal }'],
  ])(
    'ten thousand for one path, %s: one thread, one descriptor, at most 1 KiB each, and granted in order',
    async (_name, options) => {
      const path = lockPath();
      const holder = await holdElsewhere(path);
      const child = Child.node([
        '--expose-gc',
        ...lockScript(
          path,
          `${measures}
         const { signal } = new AbortController();
         await zjj.lock(path, { timeout: 1 }).catch(() => {});
         console.log('ready');
         const [threads, descriptors] = count();
         const before = heap();
         const waits = [];
         for (let number = 0; number < 10_000; number++) waits.push(zjj.lock(path, ${options}));
         const bytesEach = (heap() - before) / waits.length;
         const [moreThreads, moreDescriptors] = count();
         console.log(isAbout(1, moreThreads - threads), moreDescriptors - descriptors, bytesEach <= ${bytesLimit} || bytesEach);
         const order = [];
         await Promise.all(
           waits.map(async (wait, number) => {
             const held = await wait;
             order.push(number);
             held.release();
           }),
         );
         console.log(order.length, order.every((number, index) => number === index));
         process.exit();`,
        ),
      ]);
      expect(await child.line()).toBe('ready');
      expect(await child.line()).toBe('true 1 true');
      holder.write('end');
      expect(await child.line()).toBe('10000 true');
    },
  );

  test('a thousand for a thousand paths: at most 64 threads, and all granted', async () => {
    const path = lockPath();
    const paths = Array.from({ length: 1000 }, (_, number) => path + number);
    const holder = await holdElsewhere(paths);
    const waiter = Child.node(
      lockScript(
        path,
        `const paths = ${JSON.stringify(paths)};${measures}
         await zjj.lock(paths[0], { timeout: 1 }).catch(() => {});
         console.log('ready');
         const [threads] = count();
         const waits = paths.map((each) => zjj.lock(each));
         console.log(isAbout(64, count()[0] - threads));
         const all = await Promise.all(waits);
         console.log(all.filter((held) => held.held).length);
         for (const held of all) held.release();`,
      ),
    );
    expect(await waiter.line()).toBe('ready');
    expect(await waiter.line()).toBe('true');
    holder.write('end');
    expect(await waiter.line()).toBe('1000');
    expect(await waiter.exit()).toBe(0);
  });

  test('a long wait sleeps, and does not poll', async () => {
    const path = lockPath();
    const holder = await holdElsewhere(path);
    const child = Child.node(
      lockScript(
        path,
        // The same process, only sleeping, shows how many switches the runtime itself makes.
        `const switches = () => process.resourceUsage().voluntaryContextSwitches;
         const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
         await zjj.lock(path, { timeout: 1 }).catch(() => {});
         await sleep(500);
         const start = switches();
         await sleep(1500);
         const asleep = switches() - start;
         const waiting = zjj.lock(path);
         await sleep(500);
         const startOfWait = switches();
         await sleep(1500);
         const inWait = switches() - startOfWait;
         // A wait that polled every 20 ms would make 75 more.
         console.log(inWait - asleep < 25 || inWait + ' against ' + asleep);
         (await waiting).release();`,
      ),
    );
    expect(await child.line()).toBe('true');
    holder.write('end');
    expect(await child.exit()).toBe(0);
  });
});

describe.skipIf(!isLinux)('nothing leaks (reads /proc, so Linux)', () => {
  const growth = `${measures}
    const rss = () => {
      gc();
      return process.memoryUsage().rss;
    };
    const state = async () => {
      // A burst keeps a file open until the event loop turns. A granted wait keeps its thread a little longer.
      const isWaiting = (thread) => {
        // The thread may exit before the read.
        try {
          return fs.readFileSync('/proc/self/task/' + thread + '/comm', 'latin1') === 'zjj lock wait\\n';
        } catch {
          return false;
        }
      };
      do await new Promise(setImmediate);
      while (fs.readdirSync('/proc/self/task').some(isWaiting));
      const [allThreads, descriptors] = count();
      return { threads: allThreads, descriptors, heap: heap(), rss: rss() };
    };
    // The runtime's own threads, descriptors and heap vary. A leak in each round would exceed these limits by far.
    const mostGrowth = { threads: 5, descriptors: 5, heap: 2 ** 21, rss: 3 * 2 ** 24 };
    const report = (before, after) => {
      const grown = Object.keys(mostGrowth).filter((name) => after[name] - before[name] > mostGrowth[name]);
      console.log('grown: ' + grown.map((name) => name + ' from ' + before[name] + ' to ' + after[name]));
      process.exit();
    };`;

  test('over a million locks and releases', async () => {
    const child = Child.node([
      '--expose-gc',
      ...lockScript(
        lockPath(),
        `${growth}
         const rounds = async (number) => {
           for (let round = 0; round < number; round++) (await zjj.lock(path)).release();
           for (let round = 0; round < number; round++) zjj.lockSync(path).release();
         };
         console.log('starts');
         await rounds(${rounds(50_000)});
         const before = await state();
         await rounds(${rounds(450_000)});
         report(before, await state());`,
      ),
    ]);
    expect(await child.line()).toBe('starts');
    expect(await child.line()).toBe('grown: ');
  });

  test('over ten thousand timeouts in the kernel, in the queue and in lockSync', async () => {
    const path = lockPath();
    const holder = await holdElsewhere(path);
    const child = Child.node([
      '--expose-gc',
      ...lockScript(
        path,
        `${growth}
         // Other names of the file, so that each waits in the kernel.
         const names = Array.from({ length: 20 }, (_, number) => path + number);
         for (const name of names) fs.linkSync(path, name);
         let otherErrors = 0;
         const countOther = (error) => {
           if (error.code !== 'LOCK_TIMEOUT') otherErrors++;
         };
         const timeouts = async (rounds) => {
           for (let round = 0; round < rounds; round++) {
             await Promise.all([...names, ...names].map((name) => zjj.lock(name, { timeout: 1 }).catch(countOther)));
             for (let call = 0; call < 10; call++) {
               try {
                 zjj.lockSync(path, { timeout: 0.1 });
               } catch (error) {
                 countOther(error);
               }
             }
           }
         };
         console.log('starts');
         await timeouts(${rounds(20)});
         const before = await state();
         await timeouts(${rounds(180)});
         const after = await state();
         if (otherErrors > 0) console.log(otherErrors + ' other errors');
         report(before, after);`,
      ),
    ]);
    expect(await child.line()).toBe('starts');
    expect(await child.line()).toBe('grown: ');
    holder.write('end');
  });
});
