import { linkSync, mkdirSync, renameSync, symlinkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { lock, lockSync, tryLock } from '../../src/lock/index.js';
import { Child } from '../support/process/child.js';
import { holdElsewhere } from '../support/process/lock-holder.js';
import { lockScript } from '../support/process/lock-script.js';
import { rounds } from '../support/run/rounds.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const isLinux = process.platform === 'linux';
const isWindows = process.platform === 'win32';

/** A tree with a lock file at `real/x.lock`, and links that lead to it. */
function linkTree(): string {
  const directory = temporaryDirectory();
  mkdirSync(join(directory, 'real', 'deep', 'deeper'), { recursive: true });
  tryLock(join(directory, 'real', 'x.lock'))?.release();
  linkSync(join(directory, 'real', 'x.lock'), join(directory, 'hard.lock'));
  symlinkSync('real', join(directory, 'link'));
  // To the kernel, its `..` is `real/deep`; to path.resolve, it is `directory`.
  symlinkSync(join('real', 'deep', 'deeper'), join(directory, 'far'));
  return directory;
}

describe('a lock is the same through', () => {
  test.each<readonly [string, string]>([
    ['a hard link', 'hard.lock'],
    ['a directory that is a symbolic link', 'link/x.lock'],
    // Windows resolves `..` by name, like path.resolve.
    ...(isWindows ? [] : [['`..` through a symbolic link', 'far/../../x.lock'] as const]),
    ['a path with `.` and empty parts', './/real/.//deep/../x.lock'],
  ])('%s, in this process and in others, relative and absolute', async (_name, other) => {
    const directory = linkTree();
    const path = join(directory, 'real', 'x.lock');
    const absolute = `${directory}/${other}`;
    for (const [one, two] of [
      [path, absolute],
      [absolute, path],
    ] as const) {
      const held = await lock(one);
      expect(tryLock(two)).toBeNull();
      const waiting = lock(two);
      held.release();
      (await waiting).release();
    }
    const elsewhere = Child.node(
      lockScript(
        other,
        `const held = await zjj.lock(path);
         // The current directory may change while a lock is held or waited for.
         process.chdir('/');
         console.log('held');
         process.stdin.once('data', () => held.release() ?? process.stdin.destroy());`,
      ),
      { cwd: directory },
    );
    expect(await elsewhere.line()).toBe('held');
    expect([tryLock(path), tryLock(absolute)]).toEqual([null, null]);
    const waits = [lock(path), lock(absolute)].map(async (waiting) => (await waiting).release());
    elsewhere.write('end');
    await Promise.all(waits);
  });

  test.skipIf(isWindows)('a path that a hard link was just renamed to, so lockSync throws LOCK_DEADLOCK', async () => {
    const directory = linkTree();
    const path = join(directory, 'x.lock');
    const held = await lock(join(directory, 'hard.lock'));
    // The file that the path named is released, but stays open until the event loop turns.
    tryLock(path)?.release();
    linkSync(join(directory, 'hard.lock'), `${path}.new`);
    renameSync(`${path}.new`, path);
    expect(() => lockSync(path, { timeout: 5_000 })).toThrow(expect.objectContaining({ code: 'LOCK_DEADLOCK' }));
    held.release();
  });
});

test('a relative path keeps naming the file that it named when the call was made', async () => {
  const directory = linkTree();
  const path = join(directory, 'real', 'x.lock');
  const holder = await holdElsewhere(path);
  const waiter = Child.node(
    lockScript(
      'x.lock',
      `const first = zjj.lock(path);
       const second = zjj.lock(path);
       process.chdir('/');
       console.log('waits');
       (await first).release();
       const held = await second;
       console.log(held.path);
       await new Promise((resolve) => process.stdin.once('data', resolve));
       console.log(held.held);
       process.exit();`,
    ),
    { cwd: join(directory, 'real') },
  );
  expect(await waiter.line()).toBe('waits');
  holder.write('end');
  expect(await waiter.line()).toBe(path);
  expect(tryLock(path)).toBeNull();
  waiter.write('end');
  expect(await waiter.line()).toBe('true');
});

describe.skipIf(isWindows)('a lock file that is removed (not on Windows, where an open file cannot be removed)', () => {
  test('while a call waits makes the call wait for the new file instead', async () => {
    const path = join(temporaryDirectory(), 'x.lock');
    const holder = await holdElsewhere(path);
    const waiting = lock(path);
    unlinkSync(path);
    // This is a new file, and a new lock.
    const second = await holdElsewhere(path);
    holder.write('end');
    await holder.exit();
    // The first wait may not know yet that its file is gone. This call must not get the lock of the removed file.
    const third = lock(path, { timeout: 30 });
    await expect(third).rejects.toMatchObject({ code: 'LOCK_TIMEOUT', holder: { pid: second.pid } });
    await expect(Promise.race([waiting, Promise.resolve('waits')])).resolves.toBe('waits');
    second.write('end');
    const held = await waiting;
    expect(tryLock(path)).toBeNull();
    held.release();
  });

  test.skipIf(!isLinux)(
    'again and again while many processes lock it never has two holders of the current file (Linux)',
    async () => {
      const path = join(temporaryDirectory(), 'x.lock');
      const remover = Child.node(
        lockScript(
          path,
          `const pause = new Int32Array(new SharedArrayBuffer(4));
           console.log('removes');
           for (;;) {
             fs.rmSync(path, { force: true });
             Atomics.wait(pause, 0, 0, 0.2);
           }`,
        ),
      );
      expect(await remover.line()).toBe('removes');
      // Each process continues until it has lost its file under the lock often enough, and kept it to the end as often.
      const lockers = Array.from({ length: 4 }, (_, number) =>
        Child.node(
          lockScript(
            path,
            `const isLockFile = (fd) => {
               try {
                 return fs.readlinkSync('/proc/self/fd/' + fd).replace(/ \\(deleted\\)$/, '') === path;
               } catch {
                 return false;
               }
             };
             const currentInode = () => fs.statSync(path, { throwIfNoEntry: false })?.ino;
             const wrong = [];
             const count = { lost: 0, kept: 0 };
             while (count.lost < ${rounds(150)} || count.kept < ${rounds(150)}) {
               const held = ${number % 2 === 0 ? 'await zjj.lock(path)' : 'zjj.lockSync(path)'};
               const fds = fs.readdirSync('/proc/self/fd').filter(isLockFile);
               if (fds.length !== 1) wrong.push('descriptors: ' + fds);
               const { ino } = fs.statSync('/proc/self/fd/' + fds[0]);
               const before = currentInode();
               if (before === ino) {
                 const marker = path + '.' + ino;
                 try {
                   fs.closeSync(fs.openSync(marker, 'wx'));
                   const until = performance.now() + Math.random();
                   while (performance.now() < until);
                   fs.unlinkSync(marker);
                 } catch (error) {
                   wrong.push(error.message);
                 }
               }
               count[before === ino && currentInode() === ino ? 'kept' : 'lost']++;
               held.release();
             }
             console.log('wrong: ' + wrong);`,
          ),
        ),
      );
      for (const locker of lockers) expect(await locker.line()).toBe('wrong: ');
    },
  );
});
