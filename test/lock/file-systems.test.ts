import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, linkSync, mkdirSync, readFileSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, type TestContext, test } from 'vitest';
import { lock, tryLock } from '../../src/lock/index.js';
import { root } from '../support/package/dist.js';
import { Child } from '../support/process/child.js';
import { isFree } from '../support/process/is-free.js';
import { holdElsewhere } from '../support/process/lock-holder.js';
import { lockScript } from '../support/process/lock-script.js';
import { waitUntilBlocked } from '../support/process/process-state.js';
import { requires } from '../support/requires/requires.js';
import { requiresMount } from '../support/requires/requires-mount.js';
import { commandLine } from '../support/run/runtime.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const isLinux = process.platform === 'linux';
const fuseFileSystem = join(root, 'test', 'support', 'fuse-file-system.py');

interface FileSystem {
  /** The programs that it needs beyond those for every mount. */
  readonly commands?: readonly string[];
  /** The device that mounting it needs. */
  readonly device?: string;
  /** Shell commands that mount it at `fs` in the current directory. */
  readonly mount: string;
  /** A command prefix, for the file systems that stay mounted only while a program runs. */
  readonly run?: readonly string[];
}

/** Makes a file system in an image. The image is removed once it is mounted, and its space is freed by the unmount. */
const inImage = (type: string, size: string): FileSystem => ({
  commands: [`mkfs.${type}`],
  device: '/dev/loop-control',
  mount: `truncate -s ${size} image && mkfs.${type} -q image && mount -t ${type} -o loop image fs && rm image`,
});

/** The lock file is in the lower layer. Opening it for writing copies it to the upper layer. */
const overlay = (lower: string, options: string): FileSystem => ({
  mount: `mount -t tmpfs tmpfs layers && cd layers && mkdir lower upper work && ${lower} && touch lower/x.lock &&
    mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work${options} overlay ../fs`,
});

const overlays = {
  overlayfs: overlay('true', ''),
  // Here the device and inode number of the copy differ from those of the file that it replaces.
  'overlayfs of two file systems': overlay('mount -t tmpfs tmpfs lower', ',xino=off'),
};

const fileSystems: Record<string, FileSystem> = {
  ext4: inImage('ext4', '32M'),
  xfs: inImage('xfs', '320M'),
  btrfs: inImage('btrfs', '128M'),
  tmpfs: { mount: 'mount -t tmpfs tmpfs fs' },
  ...overlays,
  'a file system that manages its own locks, like one on a server': {
    commands: ['python3'],
    device: '/dev/fuse',
    mount: 'true',
    run: ['python3', fuseFileSystem, 'locks', 'fs'],
  },
};

interface Mounted {
  readonly directory: string;
  /** The process whose mount namespace has the file system. */
  readonly keeper: Child;
}

/** Mounts a new file system in a mount namespace that ends with the test, so nothing stays mounted. */
async function mounted(context: TestContext, name: string): Promise<Mounted> {
  const fileSystem = fileSystems[name] as FileSystem;
  requiresMount(context, fileSystem);
  const directory = temporaryDirectory();
  mkdirSync(join(directory, 'fs'));
  mkdirSync(join(directory, 'layers'));
  const { mount, run = [] } = fileSystem;
  const keeper = new Child('unshare', [
    ...['-m', 'sh', '-c', `cd "$0" && ( ${mount} ) >&2 && exec "$@"`, directory],
    ...[...run, 'sh', '-c', 'echo mounted && read end'],
  ]);
  const line = await keeper.line().catch((error: Error) => error.message);
  if (/unknown filesystem type|failed to setup loop device/.test(line)) context.skip(line);
  expect(line).toBe('mounted');
  // This path works in every process.
  return { directory: join(`/proc/${keeper.pid}/root`, directory), keeper };
}

const lockFile = async (context: TestContext, name: string) =>
  join((await mounted(context, name)).directory, 'fs', 'x.lock');

describe.each(Object.keys(fileSystems))('on %s', (name) => {
  test('a lock keeps every other process out until it is released', async (context) => {
    const path = await lockFile(context, name);
    const holder = await holdElsewhere(path);
    expect([tryLock(path), tryLock(path, { mode: 'shared' })]).toEqual([null, null]);
    const waiting = lock(path);
    await expect(lock(path, { timeout: 30 })).rejects.toMatchObject({ code: 'LOCK_TIMEOUT' });
    await expect(Promise.race([waiting, Promise.resolve('waits')])).resolves.toBe('waits');
    holder.write('end');
    const held = await waiting;
    const next = Child.node(
      lockScript(path, "console.log(zjj.tryLock(path)); await zjj.lock(path); console.log('held');"),
    );
    expect(await next.line()).toBe('null');
    held.release();
    expect(await next.line()).toBe('held');
  });

  test('shared locks are held together, and keep a writer out until the last is released', async (context) => {
    const path = await lockFile(context, name);
    const reader = await holdElsewhere(path, 'shared');
    const ours = await lock(path, { mode: 'shared' });
    const another = await holdElsewhere(path, 'shared');
    reader.write('end');
    await reader.exit();
    ours.release();
    expect(tryLock(path)).toBeNull();
    const writer = lock(path);
    another.write('end');
    const held = await writer;
    expect(tryLock(path, { mode: 'shared' })).toBeNull();
    held.release();
  });

  test('a wait that times out names the holder, and never gets the lock later', async (context) => {
    const path = await lockFile(context, name);
    const holder = await holdElsewhere(path);
    const error: unknown = await lock(path, { timeout: 30 }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'LOCK_TIMEOUT', path, holder: { pid: holder.pid, alive: true } });
    holder.write('end');
    await holder.exit();
    expect(isFree(path)).toBe(true);
  });

  test('a waiter gets the lock when its holder is killed', async (context) => {
    const path = await lockFile(context, name);
    const holder = await holdElsewhere(path);
    const waiting = lock(path);
    expect(isFree(path)).toBe(false);
    holder.process.kill('SIGKILL');
    const held = await waiting;
    expect(isFree(path)).toBe(false);
    held.release();
    expect(isFree(path)).toBe(true);
  });

  test.for([
    ['exclusive', 'exclusive', false],
    ['shared', 'exclusive', false],
    ['shared', 'shared', true],
  ] as const)(
    'flock(1) holds %s, we try %s: granted %s; and the same with the roles swapped',
    async (modes, context) => {
      const [held, tried, isGranted] = modes;
      requires(context, ['flock']);
      const path = await lockFile(context, name);
      const child = new Child('flock', [`--${held}`, path, 'sh', '-c', 'echo held; read end']);
      expect(await child.line()).toBe('held');
      const granted = tryLock(path, { mode: tried });
      expect(granted !== null).toBe(isGranted);
      granted?.release();
      const waiting = lock(path, { mode: held });
      child.write('end');
      const ours = await waiting;
      await child.exit();
      expect(spawnSync('flock', ['--nonblock', `--${tried}`, path, 'true']).status).toBe(isGranted ? 0 : 1);
      ours.release();
      expect(spawnSync('flock', ['--nonblock', '--exclusive', path, 'true']).status).toBe(0);
    },
  );

  test('when a lock file is removed, its waiters wait for the new one', async (context) => {
    const path = await lockFile(context, name);
    const holder = await holdElsewhere(path);
    const waiting = lock(path);
    unlinkSync(path);
    // This is a new file, and a new lock.
    const second = await holdElsewhere(path);
    holder.write('end');
    await holder.exit();
    await expect(lock(path, { timeout: 30 })).rejects.toMatchObject({
      code: 'LOCK_TIMEOUT',
      holder: { pid: second.pid },
    });
    await expect(Promise.race([waiting, Promise.resolve('waits')])).resolves.toBe('waits');
    second.write('end');
    const held = await waiting;
    expect(isFree(path)).toBe(false);
    held.release();
  });

  test('a hard link is the same lock', async (context) => {
    const path = await lockFile(context, name);
    const link = path.replace('x.lock', 'hard.lock');
    tryLock(path)?.release();
    linkSync(path, link);
    for (const [one, two] of [
      [path, link],
      [link, path],
    ] as const) {
      const holder = await holdElsewhere(one);
      expect(tryLock(two)).toBeNull();
      const waiting = lock(two);
      holder.write('end');
      const held = await waiting;
      expect(tryLock(one)).toBeNull();
      held.release();
    }
  });
});

test.for(Object.keys(overlays))(
  'on %s, holders and waiters share one lock across the copy of its file to the upper layer',
  async (name, context) => {
    requires(context, ['flock', 'nsenter', 'setpriv']);
    const { directory, keeper } = await mounted(context, name);
    chmodSync(directory, 0o755);
    const path = join(directory, 'fs', 'x.lock');
    const copy = join(directory, 'layers', 'upper', 'x.lock');
    // flock(1) opens the file for reading, so nothing is copied.
    const holder = new Child('flock', [path, 'sh', '-c', 'echo held; read end']);
    expect(await holder.line()).toBe('held');
    // A user without write permission also opens it for reading.
    const reader = new Child('nsenter', [
      ...['-m', '-t', String(keeper.pid), 'setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'],
      ...commandLine(
        lockScript(
          path.slice(`/proc/${keeper.pid}/root`.length),
          `const held = await zjj.lock(path);
           console.log('held');
           process.stdin.once('data', () => held.release() ?? process.stdin.destroy());`,
        ),
      ),
    ]);
    await waitUntilBlocked(reader.pid);
    expect(existsSync(copy)).toBe(false);
    // This opens it for writing.
    expect(tryLock(path)).toBeNull();
    expect(existsSync(copy)).toBe(true);
    holder.write('end');
    expect(await reader.line()).toBe('held');
    expect(tryLock(path)).toBeNull();
    const waiting = lock(path);
    reader.write('end');
    const held = await waiting;
    expect(spawnSync('flock', ['--nonblock', path, 'true']).status).toBe(1);
    held.release();
    expect(readFileSync(copy)).toEqual(readFileSync(path));
  },
);

/** Script: locks `path` in every way. Prints the outcomes, and whether a descriptor or a thread was left behind. */
const refusals = `
  const calls = ['exclusive', 'shared'].flatMap((mode) => [
    () => zjj.tryLock(path, { mode }),
    () => zjj.lockSync(path, { mode }),
    () => zjj.lock(path, { mode }),
    () => zjj.lock(path, { mode, timeout: 0 }),
    () => zjj.withLock(path, { mode }, () => {}),
  ]);
  const answers = async () => {
    const all = new Set();
    for (const call of calls) {
      try {
        const held = await call();
        all.add('held');
        held?.release();
      } catch (thrown) {
        all.add([thrown instanceof zjj.ZjjError, thrown.code, thrown.path === path, thrown.cause?.errno].join(' '));
      }
    }
    return [...all].join();
  };
  const count = () => ['fd', 'task'].map((what) => fs.readdirSync('/proc/self/' + what).length).join(' ');
  // The first call loads the addon.
  await answers();
  const before = count();
  const answer = await answers();
  const after = count();
  console.log(answer);
  console.log(after === before ? 'left nothing' : before + ' became ' + after);`;

const ERRORS = { ENOLCK: 37, EOPNOTSUPP: 95, ENOSYS: 38 };
const errors = Object.keys(ERRORS) as (keyof typeof ERRORS)[];

/** Runs Node.js with flock(2) errors injected by a strace(1) rule. Returns the process and the path of the trace. */
function withFaults(context: TestContext, inject: string, args: readonly string[]): { child: Child; trace: string } {
  if (!isLinux) context.skip('strace needs Linux');
  requires(context, ['strace']);
  if (spawnSync('strace', ['-o', '/dev/null', 'true']).status !== 0) context.skip('this system does not allow tracing');
  const trace = join(temporaryDirectory(), 'trace');
  const options = ['-f', '-qq', '-o', trace, '-e', 'signal=none', '-e', 'trace=flock', '-e', `inject=flock:${inject}`];
  return { child: new Child('strace', [...options, ...commandLine(args)]), trace };
}

const injected = (trace: string) => readFileSync(trace, 'utf8').split('(INJECTED)').length - 1;

describe('a file system that cannot lock', () => {
  test.for(errors)(
    'gives LOCK_UNSUPPORTED in every call at once, and leaves nothing behind: %s',
    async (error, context) => {
      requiresMount(context, { commands: ['python3'], device: '/dev/fuse' });
      const directory = temporaryDirectory();
      const child = new Child('unshare', [
        ...['-m', 'python3', fuseFileSystem, error, directory],
        ...commandLine(lockScript(join(directory, 'x.lock'), refusals)),
      ]);
      expect(await child.line()).toBe(`true LOCK_UNSUPPORTED true ${ERRORS[error]}`);
      expect(await child.line()).toBe('left nothing');
      expect(await child.exit()).toBe(0);
    },
  );
});

describe('a flock(2) call that fails', () => {
  test.for(errors)(
    'with %s at once gives LOCK_UNSUPPORTED in every call, and leaves nothing behind',
    async (error, context) => {
      const path = join(temporaryDirectory(), 'x.lock');
      const { child, trace } = withFaults(context, `error=${error}`, lockScript(path, refusals));
      expect(await child.line()).toBe(`true LOCK_UNSUPPORTED true ${ERRORS[error]}`);
      expect(await child.line()).toBe('left nothing');
      expect(await child.exit()).toBe(0);
      // Ten calls, twice, each with one system call.
      expect(injected(trace)).toBe(20);
    },
  );

  test.for(errors.flatMap((error) => [[error, 'lock'] as const, [error, 'lockSync'] as const]))(
    'with %s in a wait ends the wait with LOCK_UNSUPPORTED, in %s',
    async ([error, call], context) => {
      const path = join(temporaryDirectory(), 'x.lock');
      await holdElsewhere(path);
      // strace counts the calls of each thread. The first is a try. The second, in the waiting thread, would block.
      const { child, trace } = withFaults(
        context,
        `error=${error}:when=2+`,
        lockScript(
          path,
          `const count = (what) => fs.readdirSync('/proc/self/' + what).length;
           const before = { fds: count('fd'), threads: count('task') };
           const thrown = await Promise.resolve()
             .then(() => zjj.${call}(path, { onWait: () => fs.writeSync(1, 'waits\\n') }))
             .catch((reason) => reason);
           const fds = count('fd');
           console.log(thrown.code, thrown.cause.errno, fds - before.fds);
           // The thread stays for a moment, ready for the next wait.
           while (count('task') > before.threads) await new Promise(setImmediate);
           console.log('no thread');`,
        ),
      );
      expect([await child.line(), await child.line(), await child.line()]).toEqual([
        'waits',
        `LOCK_UNSUPPORTED ${ERRORS[error]} 0`,
        'no thread',
      ]);
      expect(await child.exit()).toBe(0);
      expect(injected(trace)).toBe(1);
    },
  );

  test.for(['tryLock', 'lockSync', 'lock'])('with EINTR is retried, in %s', async (call, context) => {
    const path = join(temporaryDirectory(), 'x.lock');
    const { child, trace } = withFaults(
      context,
      'error=EINTR:when=1..3',
      lockScript(
        path,
        `const held = await zjj.${call}(path); console.log(held.held); process.stdin.once('data', process.exit);`,
      ),
    );
    expect(await child.line()).toBe('true');
    expect(isFree(path)).toBe(false);
    child.write('end');
    await child.exit();
    expect(injected(trace)).toBe(3);
  });

  test.for(['lockSync', 'lock'])('with EINTR in a wait is retried, in %s', async (call, context) => {
    const path = join(temporaryDirectory(), 'x.lock');
    const holder = await holdElsewhere(path);
    const { child, trace } = withFaults(
      context,
      'error=EINTR:when=2..4',
      lockScript(
        path,
        `const held = await zjj.${call}(path, { onWait: () => fs.writeSync(1, process.pid + '\\n') });
         console.log(held.held);
         process.exit();`,
      ),
    );
    await waitUntilBlocked(Number(await child.line()));
    holder.write('end');
    expect(await child.line()).toBe('true');
    await child.exit();
    expect(injected(trace)).toBe(3);
  });

  test.for(['EINTR', 'ENOLCK'])('with %s on release still leaves the lock free', async (error, context) => {
    const path = join(temporaryDirectory(), 'x.lock');
    // The first flock(2) call acquires the lock, the second releases it.
    const { child, trace } = withFaults(
      context,
      `error=${error}:when=2`,
      lockScript(
        path,
        `const held = zjj.tryLock(path);
         held.release();
         // The file may stay open until the event loop turns. The read blocks that turn.
         fs.writeSync(1, 'released\\n');
         fs.readSync(0, Buffer.alloc(1));
         process.exit();`,
      ),
    );
    expect(await child.line()).toBe('released');
    expect(isFree(path)).toBe(true);
    child.write('end');
    await child.exit();
    expect(injected(trace)).toBe(1);
  });
});

describe('a file system that contradicts itself', () => {
  test.for([
    ['stale.lock', 'ENOENT'],
    ['hidden.lock', 'EEXIST'],
    ['moving.lock', 'ESTALE'],
  ] as const)('gives LOCK_IO in every call at once: %s', async ([name, code], context) => {
    requiresMount(context, { commands: ['python3'], device: '/dev/fuse' });
    const directory = temporaryDirectory();
    const path = join(directory, name);
    const child = new Child('unshare', [
      ...['-m', 'python3', fuseFileSystem, 'locks', directory],
      ...commandLine(
        lockScript(
          path,
          `if (!path.includes('hidden')) fs.linkSync((fs.writeFileSync(path + '.new', ''), path + '.new'), path);
           const calls = [zjj.tryLock, zjj.lockSync, zjj.lock, (path) => zjj.withLock(path, () => {})];
           const found = new Set();
           for (const call of calls) {
             const error = await Promise.resolve(path).then(call).catch((reason) => reason);
             found.add([error.code, error.cause?.code, /at each of many tries/.test(error.message)].join(' '));
           }
           console.log([...found].join());
           process.exit();`,
        ),
      ),
    ]);
    expect(await child.line()).toBe(`LOCK_IO ${code} true`);
  });
});

test('a file system that locks only writable files exclusively says so', async (context) => {
  requiresMount(context, { commands: ['python3'], device: '/dev/fuse' });
  const directory = temporaryDirectory();
  const child = new Child('unshare', [
    ...['-m', 'python3', fuseFileSystem, 'EBADF', directory],
    ...commandLine(
      lockScript(
        join(directory, 'x.lock'),
        `const error = await zjj.lock(path).catch((reason) => reason);
         console.log(error.code, error.cause.code, error.message);
         process.exit();`,
      ),
    ),
  ]);
  expect(await child.line()).toMatch(/^LOCK_IO EBADF .* locks a file exclusively only if it may be written: EBADF/);
});
