import { spawnSync } from 'node:child_process';
import { chmodSync, closeSync, mkdirSync, openSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, type TestContext, test } from 'vitest';
import { lock, lockSync, tryLock } from '../../src/lock/index.js';
import { Child } from '../support/process/child.js';
import { isFree } from '../support/process/is-free.js';
import { holdElsewhere } from '../support/process/lock-holder.js';
import { lockScript } from '../support/process/lock-script.js';
import { hasCommand } from '../support/requires/commands.js';
import { commandLine } from '../support/run/runtime.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const isLinux = process.platform === 'linux';
const isWindows = process.platform === 'win32';
const isRoot = process.geteuid?.() === 0;

const shellQuoted = (argument: string) => `'${argument.replaceAll("'", "'\\''")}'`;

/** A shell command that replaces the shell with Node.js running a script. */
const nodeCommand = (args: readonly string[]) => `exec ${commandLine(args).map(shellQuoted).join(' ')}`;

/** Script: locks `path` in every way. Each outcome is `held`, or the error's code and the code of its cause. */
const outcomes = `
  const outcome = (thrown) => thrown.code + ' ' + thrown.cause?.code;
  const attempts = async (path) => {
    const all = [];
    for (const call of [zjj.tryLock, zjj.lockSync, zjj.lock, (path) => zjj.lock(path, { mode: 'shared' })]) {
      try {
        const held = await call(path);
        all.push('held');
        held.release();
      } catch (thrown) {
        all.push(outcome(thrown));
      }
    }
    return [...new Set(all)].join();
  };`;

/** Runs a script as a user other than root. */
function asOrdinaryUser(context: TestContext, args: readonly string[]): Child {
  if (!isRoot) return Child.node(args);
  if (!hasCommand('setpriv')) context.skip('setpriv is not installed, so root cannot become another user');
  return new Child('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', ...commandLine(args)]);
}

test.skipIf(!isLinux)(
  'without a free descriptor every call fails with LOCK_IO, and with one it succeeds again (Linux)',
  async () => {
    const path = join(temporaryDirectory(), 'x.lock');
    const script = lockScript(
      path,
      `${outcomes}
     zjj.tryLock(path).release();
     // A burst of calls keeps the file open until the event loop turns.
     await new Promise(setImmediate);
     const open = [];
     let full;
     while (full === undefined) {
       try {
         open.push(fs.openSync('/dev/null'));
       } catch (error) {
         full = error.code;
       }
     }
     const answers = [full, await attempts(path), await attempts(path + '.new')];
     fs.closeSync(open.pop());
     answers.push(await attempts(path), await attempts(path + '.new'));
     for (const fd of open) fs.closeSync(fd);
     console.log(answers.join('; '));
     process.exit();`,
    );
    const child = new Child('sh', ['-c', `ulimit -n 60; ${nodeCommand(script)}`]);
    expect(await child.line()).toBe('EMFILE; LOCK_IO EMFILE; LOCK_IO EMFILE; held; held');
  },
);

test.skipIf(!isLinux)(
  'a wait that has its descriptor is granted even if the process can open no more files (Linux)',
  async () => {
    const path = join(temporaryDirectory(), 'x.lock');
    const holder = await holdElsewhere(path);
    const script = lockScript(
      path,
      `console.log('starts');
     const waiting = zjj.lock(path);
     const queued = zjj.lock(path);
     const open = [];
     try {
       for (;;) open.push(fs.openSync('/dev/null'));
     } catch (error) {
       console.log(error.code);
     }
     (await waiting).release();
     (await queued).release();
     console.log('granted');
     process.exit();`,
    );
    const child = new Child('sh', ['-c', `ulimit -n 60; ${nodeCommand(script)}`]);
    expect([await child.line(), await child.line()]).toEqual(['starts', 'EMFILE']);
    holder.write('end');
    expect(await child.line()).toBe('granted');
  },
);

describe.skipIf(isWindows)('a user without permission (not on Windows, which has no mode bits)', () => {
  test.for([
    ['to read or write the lock file', 0o755, 0o000],
    ['to create a lock file in the directory', 0o555, undefined],
    ['to search the directory', 0o644, 0o666],
  ] as const)('%s gets LOCK_IO with EACCES at once', async ([, directoryMode, fileMode], context) => {
    const directory = temporaryDirectory();
    const inner = join(directory, 'inner');
    const path = join(inner, 'x.lock');
    mkdirSync(inner);
    if (fileMode !== undefined) {
      writeFileSync(path, '');
      chmodSync(path, fileMode);
    }
    chmodSync(inner, directoryMode);
    chmodSync(directory, 0o755);
    onTestFinished(() => chmodSync(inner, 0o755));
    const child = asOrdinaryUser(context, lockScript(path, `${outcomes}\nconsole.log(await attempts(path));`));
    expect(await child.line()).toBe('LOCK_IO EACCES');
  });

  test("to write another user's 0644 lock file still contends for the lock, and leaves no record", async (context) => {
    if (!isRoot) context.skip('only root can start a process as another user');
    const directory = temporaryDirectory();
    chmodSync(directory, 0o755);
    const path = join(directory, 'x.lock');
    const held = lockSync(path, { fileMode: 0o644 });
    const record = readFileSync(path, 'utf8');
    const child = asOrdinaryUser(
      context,
      lockScript(
        path,
        `console.log(zjj.tryLock(path));
         const held = await zjj.lock(path, { onWait: (holder) => console.log('waits for', holder.pid) });
         console.log('held');
         process.stdin.once('data', () => held.release() ?? process.stdin.destroy());`,
      ),
    );
    expect([await child.line(), await child.line()]).toEqual(['null', `waits for ${process.pid}`]);
    expect(readFileSync(path, 'utf8')).toBe(record);
    held.release();
    const blank = readFileSync(path, 'utf8');
    expect(await child.line()).toBe('held');
    expect(tryLock(path)).toBeNull();
    expect(readFileSync(path, 'utf8')).toBe(blank);
    child.write('end');
    await child.exit();
    expect(isFree(path)).toBe(true);
  });
});

describe('a file system', () => {
  /** Runs a script in its own mount namespace. There, `mount` mounts a file system at the directory of `path`. */
  function mountedScript(context: TestContext, path: string, mount: string, script: string): Child {
    const directory = join(path, '..');
    const command = `cd / && ${mount.replaceAll('DIRECTORY', shellQuoted(directory))}`;
    const canMount = isLinux && isRoot && spawnSync('unshare', ['-m', 'sh', '-c', command]).status === 0;
    if (!canMount) context.skip('mounting needs Linux, root, unshare and mount');
    return new Child('unshare', [
      '-m',
      'sh',
      '-c',
      `${command} && ${nodeCommand(lockScript(path, outcomes + script))}`,
    ]);
  }

  test('that is read-only can lock existing files, and gives LOCK_IO with EROFS for new ones', async (context) => {
    const path = join(temporaryDirectory(), 'x.lock');
    const child = mountedScript(
      context,
      path,
      'mount -t tmpfs tmpfs DIRECTORY && touch DIRECTORY/x.lock && mount -o remount,ro DIRECTORY',
      `console.log(await attempts(path), '-', await attempts(path + '.new'));
       const held = await zjj.lock(path);
       const waiting = zjj.lock(path);
       const timedOut = await zjj.lock(path, { timeout: 1 }).catch(outcome);
       console.log(zjj.tryLock(path, { mode: 'shared' }), timedOut);
       held.release();
       const next = await waiting;
       console.log(next.held, fs.readFileSync(path).length);`,
    );
    expect(await child.line()).toBe('held - LOCK_IO EROFS');
    expect(await child.line()).toBe('null LOCK_TIMEOUT undefined');
    expect(await child.line()).toBe('true 0');
  });

  test('that is full can lock, without a record', async (context) => {
    const path = join(temporaryDirectory(), 'x.lock');
    const child = mountedScript(
      context,
      path,
      'mount -t tmpfs -o size=8k tmpfs DIRECTORY && { head -c 100000 /dev/zero > DIRECTORY/fill; true; }',
      `console.log(await attempts(path), '-', await attempts(path + '.new'));
       const held = await zjj.lock(path);
       const error = await zjj.lock(path, { timeout: 1 }).catch((reason) => reason);
       console.log(zjj.tryLock(path), error.code, error.holder, fs.readFileSync(path).length);
       held.release();
       // With free space again, there is a record again.
       fs.rmSync(path.replace('x.lock', 'fill'));
       const next = await zjj.lock(path);
       console.log(JSON.parse(fs.readFileSync(path)).pid === process.pid);
       next.release();`,
    );
    expect(await child.line()).toBe('held - held');
    expect(await child.line()).toBe('null LOCK_TIMEOUT undefined 0');
    expect(await child.line()).toBe('true');
  });

  test('that has no free inodes can lock existing files, and gives LOCK_IO with ENOSPC for new ones', async (context) => {
    const path = join(temporaryDirectory(), 'x.lock');
    const child = mountedScript(
      context,
      path,
      'mount -t tmpfs -o nr_inodes=2 tmpfs DIRECTORY && touch DIRECTORY/x.lock',
      `console.log(await attempts(path), '-', await attempts(path + '.new'));`,
    );
    expect(await child.line()).toBe('held - LOCK_IO ENOSPC');
  });
});

describe('a path that cannot be a lock file', () => {
  const cases: Record<string, readonly [(directory: string) => string | Promise<string>, object]> = {
    'a device': [() => '/dev/null', invalid(/ is a device, not a regular file$/)],
    'a socket': [socketIn, invalid(/ is a socket, not a regular file$/)],
    'a directory': [(directory) => directory, invalid(/ is a directory, not a regular file$/)],
    'a symbolic link': [
      linkTo('x.lock', '/dev/null'),
      invalid(/ is a symbolic link\. Pass the path that it leads to$/),
    ],
    'a dangling symbolic link': [linkTo('x.lock', 'nowhere'), invalid(/ is a symbolic link\./)],
    'a symbolic link to itself': [linkTo('x.lock', 'x.lock'), invalid(/ is a symbolic link\./)],
    'a file in a dangling symbolic link': [
      (directory) => join(linkTo('link', 'nowhere')(directory), 'x.lock'),
      { code: 'LOCK_IO', cause: { code: 'ENOENT' } },
    ],
    'a file in a symbolic link to itself': [
      (directory) => join(linkTo('link', 'link')(directory), 'x.lock'),
      { code: 'LOCK_IO', cause: { code: 'ELOOP' } },
    ],
    'a file in a file': [
      (directory) => {
        closeSync(openSync(join(directory, 'file'), 'w'));
        return join(directory, 'file', 'x.lock');
      },
      { code: 'LOCK_IO', cause: { code: 'ENOTDIR' } },
    ],
    'a name that is too long': [
      (directory) => join(directory, 'x'.repeat(256)),
      { code: 'LOCK_IO', cause: { code: 'ENAMETOOLONG' } },
    ],
    'a path that is too long': [
      (directory) => join(directory, 'x/'.repeat(3000), 'x.lock'),
      { code: 'LOCK_IO', cause: { code: 'ENAMETOOLONG' } },
    ],
  };

  function invalid(message: RegExp): object {
    return { code: 'LOCK_FILE_INVALID', message: expect.stringMatching(message) };
  }

  function linkTo(name: string, target: string): (directory: string) => string {
    return (directory) => {
      symlinkSync(target, join(directory, name));
      return join(directory, name);
    };
  }

  async function socketIn(directory: string): Promise<string> {
    const path = join(directory, 'socket');
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(path, resolve));
    onTestFinished(() => new Promise((resolve) => server.close(() => resolve())));
    return path;
  }

  test.skipIf(isWindows).each(Object.keys(cases))(
    '%s fails at once in every call, with a stable code',
    async (name) => {
      const [make, expected] = cases[name] as (typeof cases)[string];
      const path = await make(temporaryDirectory());
      await expect(lock(path)).rejects.toMatchObject({ ...expected, path });
      await expect(lock(path, { timeout: 0, mode: 'shared' })).rejects.toMatchObject(expected);
      for (const call of [lockSync, tryLock]) {
        const error: unknown = await Promise.resolve(path)
          .then(call)
          .catch((reason: unknown) => reason);
        expect(error).toMatchObject(expected);
      }
    },
  );

  test('can be locked as soon as it is valid', async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'later', 'x.lock');
    await expect(lock(path)).rejects.toMatchObject({ code: 'LOCK_IO' });
    mkdirSync(join(directory, 'later'));
    (await lock(path)).release();
    expect(statSync(path).isFile()).toBe(true);
  });
});
