import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { copyPackage } from '../support/package/copy-package.js';
import { Child } from '../support/process/child.js';
import { isFree } from '../support/process/is-free.js';
import { holdElsewhere } from '../support/process/lock-holder.js';
import { lockScript } from '../support/process/lock-script.js';
import { commandLine, runtime } from '../support/run/runtime.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const isLinux = process.platform === 'linux';
const isWindows = process.platform === 'win32';
const lockPath = () => join(temporaryDirectory(), 'x.lock');

/**
 * Signals for which a runtime accepts a listener that it never calls. No process can catch SIGKILL and SIGSTOP. Bun
 * dies of SIGSTKFLT anyway, and keeps SIGPWR for itself. On SIGUSR1, Deno opens its debugger and prints a message.
 */
const undeliverable = { node: [], bun: ['SIGKILL', 'SIGSTOP', 'SIGSTKFLT', 'SIGPWR'], deno: ['SIGUSR1'] }[runtime];

/**
 * Script: listens to every signal that the runtime allows. `names` are these signals, `seen` the numbers of those that
 * arrived: some names share a number.
 */
const listenToAll = `
  const { signals } = require('node:os').constants;
  const seen = new Set();
  const names = Object.keys(signals).filter((name) => {
    if (${JSON.stringify(undeliverable)}.includes(name)) return false;
    try {
      process.on(name, () => seen.add(signals[name]));
      return true;
    } catch {
      return false;
    }
  });`;

describe.skipIf(isWindows)('a process that listens to every signal (Windows has none)', () => {
  test.each([
    ['before its first lock', listenToAll, ''],
    ['after its first lock', '', listenToAll],
  ])('%s still has waits that time out and abort, and gets each signal', async (_name, before, after) => {
    const path = lockPath();
    const holder = await holdElsewhere(path);
    const child = Child.node(
      lockScript(
        path,
        `${before}
         const outcome = (error) => error.code;
         await zjj.lock(path, { timeout: 1 }).catch(outcome);
         ${after}
         const outcomes = new Set();
         for (let round = 0; round < 20; round++) {
           outcomes.add(await zjj.lock(path, { timeout: 1 }).catch(outcome));
           try {
             zjj.lockSync(path, { timeout: 1 });
           } catch (error) {
             outcomes.add(error.code);
           }
           const controller = new AbortController();
           const waiting = zjj.lock(path, { signal: controller.signal });
           setImmediate(() => controller.abort({ code: 'aborted' }));
           outcomes.add(await waiting.catch(outcome));
         }
         console.log([...outcomes].join());
         const pending = zjj.lock(path);
         const numbers = new Set(names.map((name) => signals[name]));
         for (const number of numbers) process.kill(process.pid, number);
         while (seen.size < numbers.size) await new Promise(setImmediate);
         console.log(names.length > 20, seen.size === numbers.size);
         (await pending).release();
         console.log('granted');
         process.exit();`,
      ),
    );
    expect(await child.line()).toBe('LOCK_TIMEOUT,aborted');
    expect(await child.line()).toBe('true true');
    holder.write('end');
    expect(await child.line()).toBe('granted');
    expect([await child.exit(), child.stderr]).toEqual([0, '']);
  });
});

test.skipIf(isWindows)(
  'in a storm of signals, waits are granted, time out and abort, and two processes never hold one lock',
  async () => {
    const path = lockPath();
    const holder = await holdElsewhere(`${path}.held`);
    const targets = [1, 2].map(() =>
      Child.node(
        lockScript(
          path,
          `let storm = true;
         let signals = 0;
         for (const name of ['SIGUSR2', 'SIGWINCH', 'SIGURG']) process.on(name, () => signals++);
         process.stdin.once('data', () => (storm = false));
         console.log('ready');
         const count = { granted: 0, LOCK_TIMEOUT: 0, aborted: 0 };
         const conflicts = [];
         for (let round = 0; storm || round < 20; round++) {
           (await zjj.lock(path)).release();
           const held = round % 2 ? await zjj.lock(path) : zjj.lockSync(path);
           try {
             fs.closeSync(fs.openSync(path + '.marker', 'wx'));
             if (round % 10 === 0) await new Promise(setImmediate);
             fs.unlinkSync(path + '.marker');
             count.granted++;
           } catch (error) {
             conflicts.push(error.message);
           }
           held.release();
           await zjj.lock(path + '.held', { timeout: 1 }).catch((error) => count[error.code]++);
           const controller = new AbortController();
           const waiting = zjj.lock(path + '.held', { signal: controller.signal });
           setImmediate(() => controller.abort('aborted'));
           await waiting.catch((reason) => count[reason]++);
         }
         console.log(Object.values(count).every((number) => number >= 20), signals > 0, conflicts.join());`,
        ),
      ),
    );
    for (const target of targets) expect(await target.line()).toBe('ready');
    // A process that does nothing else sends 1,000 signals to each, about one a millisecond.
    const sender = Child.node([
      '-e',
      `const pause = new Int32Array(new SharedArrayBuffer(4));
     for (let sent = 0; sent < 1000; sent++) {
       const name = ['SIGUSR2', 'SIGWINCH', 'SIGURG'][sent % 3];
       for (const pid of ${JSON.stringify(targets.map(({ pid }) => pid))}) process.kill(pid, name);
       Atomics.wait(pause, 0, 0, 0.9);
     }`,
    ]);
    expect([await sender.exit(), sender.stderr]).toEqual([0, '']);
    for (const target of targets) target.process.stdin?.end('end\n');
    for (const target of targets) {
      expect(await target.line()).toBe('true true ');
      expect([await target.exit(), target.stderr]).toEqual([0, '']);
    }
    holder.write('end');
    await holder.exit();
    expect([isFree(path), isFree(`${path}.held`)]).toEqual([true, true]);
  },
);

describe('two copies of the package in one process', () => {
  const withCopy = (path: string, script: string) =>
    Child.node(lockScript(path, `const copy = require(${JSON.stringify(copyPackage())});\n${script}`));

  test('contend for one lock and wait for each other, either way round', async () => {
    const child = withCopy(
      lockPath(),
      `for (const [one, other] of [[zjj, copy], [copy, zjj]]) {
         const held = one.tryLock(path);
         const waiting = other.lock(path);
         console.log(held.held, other.tryLock(path));
         setImmediate(() => held.release());
         const granted = await waiting;
         console.log(held.held, granted.held, one.tryLock(path));
         granted.release();
       }`,
    );
    for (let way = 0; way < 2; way++) {
      expect(await child.line()).toBe('true null');
      expect(await child.line()).toBe('false true null');
    }
    expect([await child.exit(), child.stderr]).toEqual([0, '']);
  });

  test('never have two holders of one lock', async () => {
    const child = withCopy(
      lockPath(),
      `let holders = 0;
       const outcomes = new Set();
       await Promise.all(Array.from({ length: 200 }, (_, number) =>
         (number % 2 ? zjj : copy).withLock(path, async () => {
           outcomes.add(++holders);
           await new Promise(setImmediate);
           holders--;
         })));
       console.log([...outcomes].join());`,
    );
    expect(await child.line()).toBe('1');
  });

  test.skipIf(!isLinux)('each have a wait thread, and a signal that ends its wait (Linux)', async () => {
    const path = lockPath();
    const holder = await holdElsewhere(path);
    const child = withCopy(
      path,
      `const caught = () => /SigCgt:\\s*(\\w+)/.exec(fs.readFileSync('/proc/self/status', 'latin1'))[1];
       const signals = () => [...BigInt('0x' + caught()).toString(2)].filter((bit) => bit === '1').length;
       const threads = () => fs.readdirSync('/proc/self/task').length;
       await new Promise(setImmediate);
       const before = [signals(), threads()];
       const waits = [zjj, copy].map((each) => each.lock(path, { timeout: 30 }));
       console.log(signals() - before[0], threads() - before[1]);
       console.log((await Promise.allSettled(waits)).map(({ reason }) => reason.code).join());
       console.log(threads() - before[1]);
       const controller = new AbortController();
       const { signal } = controller;
       for (let round = 0; round < 20; round++) {
         const outcomes = Promise.allSettled([zjj, copy].map((each) => each.lock(path, { timeout: 1 })));
         await outcomes;
       }
       const last = Promise.allSettled([zjj, copy].map((each) => each.lock(path, { signal })));
       controller.abort('aborted');
       console.log((await last).map(({ reason }) => reason).join());`,
    );
    expect(await child.line()).toBe('2 2');
    expect(await child.line()).toBe('LOCK_TIMEOUT,LOCK_TIMEOUT');
    expect(await child.line()).toBe('0');
    expect(await child.line()).toBe('aborted,aborted');
    expect([await child.exit(), child.stderr]).toEqual([0, '']);
    holder.write('end');
  });
});

describe('a process started with every signal', () => {
  test.for([
    ['ignored', '--ignore-signal'],
    ['blocked', '--block-signal'],
  ] as const)('%s still has waits that are granted, time out and abort', async ([, option], context) => {
    if (spawnSync('env', [option, 'true']).status !== 0) context.skip(`this env(1) has no ${option}`);
    const path = lockPath();
    const holder = await holdElsewhere(path);
    const script = lockScript(
      path,
      `console.log((await zjj.lock(path, { timeout: 1 }).catch((reason) => reason)).code);
       const controller = new AbortController();
       const waiting = zjj.lock(path, { signal: controller.signal }).catch((reason) => reason);
       controller.abort('aborted');
       console.log(await waiting);
       try {
         zjj.lockSync(path, { timeout: 1 });
       } catch (error) {
         console.log(error.code);
       }
       const granted = zjj.lock(path);
       console.log('waits');
       console.log((await granted).held);`,
    );
    const child = new Child('env', [option, ...commandLine(script)]);
    for (const line of ['LOCK_TIMEOUT', 'aborted', 'LOCK_TIMEOUT', 'waits']) expect(await child.line()).toBe(line);
    holder.write('end');
    expect(await child.line()).toBe('true');
  });
});
