import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { lock } from '../../src/lock/index.js';
import { Child } from '../support/process/child.js';
import { isFree } from '../support/process/is-free.js';
import { heldElsewhere } from '../support/process/lock-holder.js';
import { lockScript } from '../support/process/lock-script.js';
import { stopped } from '../support/process/process-state.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const isLinux = process.platform === 'linux';
const isWindows = process.platform === 'win32';
const lockPath = () => join(temporaryDirectory(), 'x.lock');

/** A process that holds the lock, and then does something when it gets a line. */
async function holderThat(path: string, ends: string): Promise<Child> {
  const child = Child.node(
    lockScript(
      path,
      `const held = await zjj.lock(path);
       console.log('held');
       await require('node:events').once(process.stdin, 'data');
       ${ends}`,
    ),
    // Where a crash may leave a core file.
    { cwd: join(path, '..') },
  );
  expect(await child.line()).toBe('held');
  return child;
}

describe('a lock is free, and its waiter has it, when its holder', () => {
  // Windows has no signals: the process that sends one to itself ends with a code.
  test.each([
    ['is killed', "process.kill(process.pid, 'SIGKILL');", isWindows ? 1 : 'SIGKILL'],
    ['calls process.exit()', 'process.exit(3);', 3],
    ['ends without a release', 'process.stdin.destroy(); globalThis.held = held;', 0],
    ['throws what nobody catches', "setImmediate(() => { throw new Error('mine'); });", 1],
    ['leaves a rejection that nobody handles', "throw new Error('mine');", 1],
    ['aborts', 'process.abort();', isWindows ? 134 : 'SIGABRT'],
    ['ends by a signal that it does not handle', "process.kill(process.pid, 'SIGTERM');", isWindows ? 1 : 'SIGTERM'],
  ])('%s', async (_name, ends, exit) => {
    const path = lockPath();
    const holder = await holderThat(path, ends);
    const waiting = lock(path);
    expect(isFree(path)).toBe(false);
    holder.write('end');
    (await waiting).release();
    expect(await holder.exit()).toBe(exit);
  });
});

test('a killed holder leaves its name in the lock file, and the next waiter is told that it is gone', async () => {
  const path = lockPath();
  const holder = await heldElsewhere(path);
  holder.process.kill('SIGKILL');
  await holder.exit();
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ pid: holder.pid });
  const next = await heldElsewhere(path, 'shared');
  // A holder that shares leaves no record, and must not be taken for the one that died.
  const error: unknown = await lock(path, { timeout: 1 }).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'LOCK_TIMEOUT', holder: undefined });
  next.write('end');
});

test.skipIf(!isLinux)(
  'a holder that is stopped keeps the lock, and gives it to its waiter after it goes on (Linux)',
  async () => {
    const path = lockPath();
    const holder = await heldElsewhere(path);
    // Not by ChildProcess.kill, after which Deno takes it for ended.
    process.kill(holder.pid, 'SIGSTOP');
    await stopped(holder.pid);
    holder.write('end');
    await expect(lock(path, { timeout: 30 })).rejects.toMatchObject({
      code: 'LOCK_TIMEOUT',
      holder: { pid: holder.pid, alive: true },
    });
    const waiting = lock(path);
    expect(isFree(path)).toBe(false);
    process.kill(holder.pid, 'SIGCONT');
    (await waiting).release();
    expect(await holder.exit()).toBe(0);
  },
);

test('withLock whose function throws in one process gives the lock to a waiter in another, and the error to its caller', async () => {
  const path = lockPath();
  const holder = Child.node(
    lockScript(
      path,
      `const error = await zjj.withLock(path, async () => {
         console.log('held');
         await require('node:events').once(process.stdin, 'data');
         throw new Error('mine');
       }).catch((reason) => reason);
       console.log(error.message);
       // It lives on: it is not its end that frees the lock.
       await new Promise((resolve) => process.stdin.on('end', resolve));`,
    ),
  );
  expect(await holder.line()).toBe('held');
  const waiting = lock(path);
  holder.write('throw');
  (await waiting).release();
  expect(await holder.line()).toBe('mine');
  expect(holder.process.exitCode).toBeNull();
});

/** Writes a line, and does not end by itself. */
const lastingCommand = isWindows
  ? [process.execPath, '-e', "console.log('started'); setInterval(() => {}, 1e6);"]
  : ['sh', '-c', 'echo started; read end <&3'];

describe('a child process that is started while a lock is held', () => {
  test.each([
    ['is killed', "process.kill(process.pid, 'SIGKILL');"],
    ['exits', 'process.exit();'],
    ['releases', "held.release(); console.log('released'); setInterval(() => {}, 1e6);"],
  ])('does not keep the lock when its parent %s', async (_name, ends) => {
    const path = lockPath();
    const parent = await holderThat(
      path,
      `const [command, ...args] = ${JSON.stringify(lastingCommand)};
       const started = require('node:child_process').spawn(command, args, {
         detached: true,
         stdio: ['ignore', 'pipe', 'ignore', 'pipe'],
       });
       await require('node:events').once(started.stdout, 'data');
       fs.writeSync(1, started.pid + '\\n');
       await require('node:events').once(process.stdin, 'data');
       ${ends}`,
    );
    parent.write('start');
    const pid = Number(await parent.line());
    try {
      if (isLinux) {
        const files = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
        expect(files).not.toContain(path);
      }
      if (!isWindows) process.kill(pid, 'SIGSTOP');
      const waiting = lock(path);
      parent.write('end');
      (await waiting).release();
      // Still there: it was not its end that freed the lock.
      expect(process.kill(pid, 0)).toBe(true);
    } finally {
      process.kill(pid, 'SIGKILL');
    }
  });
});
