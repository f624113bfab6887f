// A wait for a lock that its own process holds must not end the process in silence.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { withLock } from '../../../src/lock/index.js';
import { root } from '../../support/package/dist.js';
import { Child } from '../../support/process/child.js';
import { lockScript } from '../../support/process/lock-script.js';
import { rejection } from '../../support/rejection.js';
import { runtime } from '../../support/run/runtime.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const lockPath = () => join(temporaryDirectory(), 'x.lock');

/** Runs a process to its end. Returns the lines that it printed, and its exit status. */
async function outcomeOf(child: Child): Promise<[...string[], number]> {
  const status = await child.exit();
  const lines: string[] = [];
  for (let line = await lineOf(child); line !== undefined; line = await lineOf(child)) lines.push(line);
  if (typeof status !== 'number') throw new Error(`killed by ${status}; stderr: ${child.stderr}`);
  return [...lines, status];
}

async function lineOf(child: Child): Promise<string | undefined> {
  return child.line().catch(() => undefined);
}

/** Runs a script that can use `zjj`, `path`, `other`, a second lock file, and `report(promise)`. */
function run(script: string): Promise<[...string[], number]> {
  const report = `
    const other = path + '2';
    const report = async (promise) => {
      try {
        await promise;
        console.log('granted');
      } catch (error) {
        console.log(error instanceof zjj.ZjjError ? error.code : error.name);
      } finally {
        console.log('finally');
      }
    };
    const nextTurn = () => new Promise(setImmediate);`;
  return outcomeOf(Child.node(lockScript(lockPath(), `${report}\n${script}`)));
}

const HOLD = 'globalThis.held = await zjj.lock(path);';
const DEADLOCK = ['LOCK_DEADLOCK', 'finally'];

describe('a wait that could never end rejects with LOCK_DEADLOCK:', () => {
  test.for<[string, string, string[]]>([
    ['lock() while this thread holds the lock', `${HOLD} await report(zjj.lock(path));`, DEADLOCK],
    [
      'an upgrade from shared to exclusive',
      "globalThis.held = await zjj.lock(path, { mode: 'shared' }); await report(zjj.lock(path));",
      DEADLOCK,
    ],
    ['lock() in withLock()', 'await zjj.withLock(path, () => report(zjj.lock(path)));', DEADLOCK],
    [
      'withLock() in withLock(), after a wait for something else',
      'await zjj.withLock(path, async () => { await nextTurn(); await report(zjj.withLock(path, () => {})); });',
      DEADLOCK,
    ],
    [
      'withLock() in the function of withLock() calls of other locks',
      `await zjj.withLock(path, () => zjj.withLock(other, () => report(zjj.withLock(path, { mode: 'shared' }, () => {}))));`,
      DEADLOCK,
    ],
    ['a write of the config whose lock file this thread holds', setAgainst('timeout: Infinity'), DEADLOCK],
    [
      'each of many waiters',
      `${HOLD} await Promise.all([1, 2, 3].map(() => report(zjj.lock(path))));`,
      [...DEADLOCK, ...DEADLOCK, ...DEADLOCK],
    ],
    [
      'a wait that begins after another one was rejected',
      `${HOLD} await report(zjj.lock(path)); await new Promise((resolve) => setTimeout(resolve, 5)); await report(zjj.lock(path));`,
      [...DEADLOCK, ...DEADLOCK],
    ],
    [
      'lock() in a worker',
      `const { Worker } = require('node:worker_threads');
       new Worker(
         "const { lock } = require(" + JSON.stringify(${JSON.stringify(join(root, 'dist/index.js'))}) + ");" +
         "(async () => { globalThis.held = await lock(" + JSON.stringify(path) + ");" +
         "await lock(" + JSON.stringify(path) + ").catch((error) => console.log(error.code)).finally(() => console.log('finally')); })();",
         { eval: true });`,
      DEADLOCK,
    ],
  ])('%s', async ([name, script, lines]) => {
    // Deno does not emit `beforeExit` in workers.
    if (runtime === 'deno' && name === 'lock() in a worker') return;
    expect(await run(script)).toEqual([...lines, 0]);
  });

  test('top-level await', async () => {
    // Bun and Deno do not emit `beforeExit` while a module waits at its top level.
    if (runtime !== 'node') return;
    const directory = temporaryDirectory();
    const program = join(directory, 'program.mjs');
    writeFileSync(
      program,
      `import { lock } from ${JSON.stringify(pathToFileURL(join(root, 'dist/lock/index.mjs')).href)};
       const held = await lock(${JSON.stringify(join(directory, 'x.lock'))});
       try {
         await lock(held.path);
       } catch (error) {
         console.log(error.code);
       } finally {
         held.release();
       }
       console.log('end');`,
    );
    expect(await outcomeOf(Child.node([program]))).toEqual(['LOCK_DEADLOCK', 'end', 0]);
  });
});

function setAgainst(options: string): string {
  return `globalThis.held = await zjj.lock(path + '.lock');
    await report(zjj.setConfigValue(path, 'a', 1, { ${options} }));`;
}

test('a rejection that nobody handles ends the process with an error', async () => {
  const child = Child.node(lockScript(lockPath(), `${HOLD} await zjj.lock(path);`));
  expect(await child.exit()).toBe(1);
  expect(child.stderr).toMatch(/Waiting for file lock on .+ would never end: this process holds it itself/);
  expect(child.stderr).toContain('Locks are not re-entrant');
});

test('if the first waiter releases the lock because it is rejected, the next one is granted', async () => {
  const script = `${HOLD}
    const first = report(zjj.lock(path)).finally(() => held.release());
    await Promise.all([first, report(zjj.lock(path))]);`;
  expect(await run(script)).toEqual([...DEADLOCK, 'granted', 'finally', 0]);
});

test('if two tasks wait for the lock of the other, one is rejected, and the other goes on', async () => {
  const script = `
    const task = async (first, second) => {
      const held = await zjj.lock(first);
      await nextTurn();
      await report(zjj.lock(second));
      held.release();
    };
    await Promise.all([task(path, other), task(other, path)]);`;
  expect(await run(script)).toEqual([...DEADLOCK, 'granted', 'finally', 0]);
});

describe('a wait for a lock of this thread that can end', () => {
  test.for<[string, string, string[]]>([
    [
      'keeps the process alive until its signal aborts',
      `${HOLD} await report(zjj.lock(path, { signal: AbortSignal.timeout(100) }));`,
      ['TimeoutError', 'finally'],
    ],
    [
      'keeps the process alive until its signal aborts, in the store',
      setAgainst('timeout: Infinity, signal: AbortSignal.timeout(100)'),
      ['TimeoutError', 'finally'],
    ],
    [
      'keeps the process alive until its timeout',
      `${HOLD} await report(zjj.lock(path, { timeout: 100 }));`,
      ['LOCK_TIMEOUT', 'finally'],
    ],
    [
      'keeps the process alive until its timeout, nested in withLock()',
      'await zjj.withLock(path, () => report(zjj.withLock(path, { timeout: 100 }, () => {})));',
      ['LOCK_TIMEOUT', 'finally'],
    ],
    [
      'ends with the process, in silence, if keepAlive is false',
      `${HOLD} await report(zjj.lock(path, { keepAlive: false }));`,
      [],
    ],
    [
      'goes on as long as the process has something else to do',
      `${HOLD} setTimeout(() => held.release(), 100); await report(zjj.lock(path));`,
      ['granted', 'finally'],
    ],
  ])('%s', async ([, script, lines]) => {
    expect(await run(script)).toEqual([...lines, 0]);
  });
});

describe('withLock in withLock', () => {
  test('is rejected at once, also if the process has something else to do', async () => {
    const path = lockPath();
    const error = await withLock(path, () => rejection(withLock(path, () => {})));
    expect(error).toMatchObject({ code: 'LOCK_DEADLOCK', path });
  });

  test('is granted in modes that do not conflict, and once the outer lock is released', async () => {
    const path = lockPath();
    const shared = { mode: 'shared' } as const;
    expect(await withLock(path, shared, () => withLock(path, shared, () => 'both'))).toBe('both');
    const afterwards = await withLock(path, (held) => {
      held.release();
      return withLock(path, () => 'again');
    });
    expect(afterwards).toBe('again');
  });

  test('of another task waits for its turn', async () => {
    const path = lockPath();
    const turns: number[] = [];
    const task = (turn: number) =>
      withLock(path, async () => {
        await new Promise(setImmediate);
        turns.push(turn);
      });
    await Promise.all([task(1), task(2), task(3)]);
    expect(turns).toEqual([1, 2, 3]);
  });
});
