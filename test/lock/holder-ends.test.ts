import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { lock } from '../../src/lock/index.js';
import { Child } from '../support/process/child.js';
import { isFree } from '../support/process/is-free.js';
import { holdElsewhere } from '../support/process/lock-holder.js';
import { lockScript } from '../support/process/lock-script.js';
import { waitUntilStopped } from '../support/process/process-state.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const isLinux = process.platform === 'linux';
const isWindows = process.platform === 'win32';
const lockPath = () => join(temporaryDirectory(), 'x.lock');

/** Starts a process that holds the lock, and runs `ends` when it gets a line. */
async function holderThat(path: string, ends: string): Promise<Child> {
  const child = Child.node(
    lockScript(
      path,
      `const held = await zjj.lock(path);
       console.log('held');
       await require('node:events').once(process.stdin, 'data');
       ${ends}`,
    ),
    // A crash may leave a core file there.
    { cwd: join(path, '..') },
  );
  expect(await child.line()).toBe('held');
  return child;
}

describe('a waiter gets the lock when its holder', () => {
  // Windows has no signals: a process that sends itself one exits with a code.
  test.each([
    ['is killed', "process.kill(process.pid, 'SIGKILL');", isWindows ? 1 : 'SIGKILL'],
    ['calls process.exit()', 'process.exit(3);', 3],
    ['exits without a release', 'process.stdin.destroy(); globalThis.held = held;', 0],
    ['throws an error that nobody catches', "setImmediate(() => { throw new Error('mine'); });", 1],
    ['leaves a rejection unhandled', "throw new Error('mine');", 1],
    ['aborts', 'process.abort();', isWindows ? 134 : 'SIGABRT'],
    [
      'is ended by a signal that it does not handle',
      "process.kill(process.pid, 'SIGTERM');",
      isWindows ? 1 : 'SIGTERM',
    ],
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

test('a killed holder leaves its record in the lock file, and a later timeout does not name it', async () => {
  const path = lockPath();
  const holder = await holdElsewhere(path);
  holder.process.kill('SIGKILL');
  await holder.exit();
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ pid: holder.pid });
  const next = await holdElsewhere(path, 'shared');
  // A shared holder leaves no record. The record of the dead holder must not be taken for its record.
  const error: unknown = await lock(path, { timeout: 1 }).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'LOCK_TIMEOUT', holder: undefined });
  next.write('end');
});

test.skipIf(!isLinux)(
  'a stopped holder keeps the lock, and a waiter gets it after the holder continues (Linux)',
  async () => {
    const path = lockPath();
    const holder = await holdElsewhere(path);
    // Not ChildProcess.kill: after that, Deno considers the process exited.
    process.kill(holder.pid, 'SIGSTOP');
    await waitUntilStopped(holder.pid);
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

test('if the function of withLock throws, a waiter in another process gets the lock and the caller gets the error', async () => {
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
       // Stay alive: the lock must not be freed by the exit of this process.
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

/** A command that prints a line and does not exit by itself. */
const lastingCommand = isWindows
  ? [process.execPath, '-e', "console.log('started'); setInterval(() => {}, 1e6);"]
  : ['sh', '-c', 'echo started; read end <&3'];

describe('a child process started while a lock is held', () => {
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
      // Still alive: the lock was not freed by the exit of the child.
      expect(process.kill(pid, 0)).toBe(true);
    } finally {
      process.kill(pid, 'SIGKILL');
    }
  });
});
