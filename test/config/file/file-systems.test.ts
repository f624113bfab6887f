import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, type TestContext, test } from 'vitest';
import { root, withPackage } from '../../support/package/dist.js';
import { Child } from '../../support/process/child.js';
import { requires } from '../../support/requires/requires.js';
import { requiresMount } from '../../support/requires/requires-mount.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

// Real file systems that are full, read-only or mounted over the config, and real resource limits. faults.test.ts makes
// single system calls fail.

const FORMS = ['asynchronous', 'synchronous'] as const;
type Form = (typeof FORMS)[number];

/** Arguments for Node.js that run a script on `c.toml` in the current directory. It can use the functions below. */
function script(form: Form, text: string): string[] {
  const suffix = form === 'asynchronous' ? '' : 'Sync';
  return withPackage(`
    const fs = require('node:fs');
    const { execFileSync } = require('node:child_process');
    const say = (...all) => console.log(JSON.stringify(all));
    const outcome = async (call) => {
      try {
        return await call();
      } catch (error) {
        const { code, cause, message } = error;
        return [error instanceof zjj.ZjjError, code, cause?.code, message.replace(/\\/\\S+\\//g, '')];
      }
    };
    const set = (key, value) => outcome(() => zjj.setConfigValue${suffix}('c.toml', key, value));
    const unset = (key) => outcome(() => zjj.unsetConfigValue${suffix}('c.toml', key));
    /** The config, the names in its directory, and whether its lock is free. */
    const state = () => {
      const { status } = require('node:child_process').spawnSync('flock', ['-n', 'c.toml.lock', 'true']);
      const names = fs.readdirSync('.').filter((name) => !name.startsWith('filler')).sort();
      return [fs.existsSync('c.toml') ? fs.readFileSync('c.toml', 'utf8').slice(0, 20) : null, names, status === 0];
    };
    const fill = () => {
      const fd = fs.openSync('filler', 'a');
      try {
        for (let size = 4096; size >= 1; size /= 8) try { for (;;) fs.writeSync(fd, Buffer.alloc(size)); } catch {}
      } finally {
        fs.closeSync(fd);
      }
    };
    ${text}`);
}

/** Runs a script on a file system of its own, in a mount namespace that ends with the script. */
function runMounted(context: TestContext, mount: string, form: Form, text: string): Child {
  requiresMount(context, { commands: ['flock'] });
  const directory = temporaryDirectory();
  mkdirSync(join(directory, 'fs'));
  return new Child('unshare', [
    ...['-m', 'sh', '-c', `cd "$0" && ( ${mount} ) >&2 && cd fs && exec "$@"`, directory],
    ...[process.execPath, ...script(form, text)],
  ]);
}

async function answers(child: Child): Promise<unknown[]> {
  const code = await child.exit();
  expect(child.stderr).toBe('');
  expect(code).toBe(0);
  const all: unknown[] = [];
  for (;;) {
    const line = await child.line().catch(() => undefined);
    if (line === undefined) return all;
    all.push(JSON.parse(line));
  }
}

const FILES = ['c.toml', 'c.toml.lock'];

test.for(FORMS)('a set on a full disk fails with CONFIG_WRITE, and nothing changes: %s', async (form, context) => {
  const child = runMounted(
    context,
    'mount -t tmpfs -o size=96k tmpfs fs',
    form,
    `fs.writeFileSync('c.toml', 'a = 1\\n');
     await set('a', 2);
     // Part of the text fits on the disk.
     say(await set('a', 'x'.repeat(99_000)), state());
     fill();
     say(await set('a', 3), state());
     say(await set('a', 2), await unset('b'), state());
     fs.rmSync('filler');
     say(await set('a', 3), state());`,
  );
  const refused = [true, 'CONFIG_WRITE', 'ENOSPC', 'Cannot write c.toml: no space left on the device (ENOSPC)'];
  expect(await answers(child)).toEqual([
    [refused, ['a = 2\n', FILES, true]],
    [refused, ['a = 2\n', FILES, true]],
    [null, false, ['a = 2\n', FILES, true]],
    [null, ['a = 3\n', FILES, true]],
  ]);
});

test.for(FORMS)('a first set on a full disk fails and leaves no config: %s', async (form, context) => {
  const child = runMounted(
    context,
    // tmpfs counts an inode for every name: root, lock file, temporary file, config, filler.
    'mount -t tmpfs -o size=64k,nr_inodes=5 tmpfs fs',
    form,
    `fill();
     say(await set('a', 1), state());
     // Room for the text, but no inode for the temporary file.
     fs.writeFileSync('filler', '');
     fs.writeFileSync('filler2', '');
     fs.writeFileSync('filler3', '');
     say(await set('a', 1), state());
     // An inode for the temporary file, but none for the link.
     fs.rmSync('filler3');
     say(await set('a', 1), state());
     fs.rmSync('filler2');
     say(await set('a', 1), state());`,
  );
  const refused = [
    [true, 'CONFIG_WRITE', 'ENOSPC', 'Cannot write c.toml: no space left on the device (ENOSPC)'],
    [null, ['c.toml.lock'], true],
  ];
  expect(await answers(child)).toEqual([refused, refused, refused, [null, ['a = 1\n', FILES, true]]]);
});

test.for(FORMS)('on a read-only file system only calls that change nothing succeed: %s', async (form, context) => {
  const child = runMounted(
    context,
    'mount -t tmpfs tmpfs fs',
    form,
    `fs.writeFileSync('c.toml', 'a = 1\\n');
     const remount = async (how) => {
       // The lock file stays open until the next turn, and mount(8) would fail with EBUSY.
       await new Promise(setImmediate);
       await new Promise(setImmediate);
       execFileSync('mount', ['-o', 'remount,' + how, process.cwd()]);
     };
     await remount('ro');
     say(await set('a', 2));
     await remount('rw');
     await set('a', 2);
     await remount('ro');
     say(await set('a', 3), await unset('a'), state());
     say(await set('a', 2), await unset('b'), await outcome(() => zjj.getConfigValue('c.toml', 'a')));
     say(await outcome(() => zjj.setConfigValue('new/c.toml', 'a', 1)));
     await remount('rw');
     say(await set('a', 3), state());`,
  );
  const refused = [true, 'CONFIG_WRITE', 'EROFS', 'Cannot write c.toml: read-only file system (EROFS)'];
  expect(await answers(child)).toEqual([
    [refused],
    [refused, refused, ['a = 2\n', FILES, true]],
    [null, false, 2],
    [refused],
    [null, ['a = 3\n', FILES, true]],
  ]);
});

test.for(FORMS)(
  'a set of a config that is a mount point fails with CONFIG_WRITE, and the message says what to do: %s',
  async (form, context) => {
    const child = runMounted(
      context,
      'echo "a = 1" > host && touch fs/c.toml && mount --bind host fs/c.toml',
      form,
      `say(await set('a', 2), await unset('a'), state());
     say(await set('a', 1), state());
     say(fs.readFileSync('../host', 'utf8'));`,
    );
    const refused = [
      true,
      'CONFIG_WRITE',
      'EBUSY',
      'Cannot write c.toml: it is a mount point; mount its directory instead (EBUSY)',
    ];
    expect(await answers(child)).toEqual([
      [refused, refused, ['a = 1\n', FILES, true]],
      [null, ['a = 1\n', FILES, true]],
      ['a = 1\n'],
    ]);
  },
);

/** What a network file system answers if another machine has replaced a file since the last system call. */
const STALE_ANSWERS = [
  'GETATTR ESTALE c.toml 1',
  'GETATTR ENOENT c.toml 1',
  'READ ESTALE c.toml 1',
  // The kernel itself tries once more.
  'OPEN ESTALE c.toml 2',
  'OPEN ENOENT c.toml 1',
  'LOOKUP ENOENT c.toml 1',
  'LOOKUP ESTALE c.toml 2',
];

test.for(FORMS)('a stale answer of a network file system is asked for again: %s', async (form, context) => {
  requiresMount(context, { commands: ['python3', 'flock'], device: '/dev/fuse' });
  const directory = temporaryDirectory();
  const child = new Child('unshare', [
    ...['-m', 'python3', join(root, 'test', 'support', 'fuse-file-system.py'), 'locks', directory],
    ...['sh', '-c', 'cd "$0" && exec "$@"', directory, process.execPath],
    ...script(
      form,
      `const get = () => outcome(() => zjj.getConfigValue${form === 'asynchronous' ? '' : 'Sync'}('c.toml', 'a'));
       const withFault = async (fault, call) => {
         fs.writeFileSync('fault', fault);
         const result = await call();
         say(fault, fs.readFileSync('fault', 'utf8'), result);
       };
       await set('a', 0);
       let value = 0;
       for (const fault of ${JSON.stringify(STALE_ANSWERS)}) {
         // Other bytes than those that were read last, so that this reads all of the file.
         fs.writeFileSync('c.toml', 'a = ' + ++value + '\\n');
         await withFault(fault, get);
         await withFault(fault, () => set('b', value));
       }
       // The kernel itself tries once more here too.
       await withFault('RENAME ESTALE c.toml 2', () => set('a', ++value));
       say(fs.readFileSync('c.toml', 'utf8'), fs.readdirSync('.').sort());
       // Not for ever.
       fs.writeFileSync('fault', 'GETATTR ESTALE c.toml 1000');
       say(await get(), await set('a', 2));`,
    ),
  ]);
  const stale = (code: string, verb: string) => [
    true,
    code,
    'ESTALE',
    `Cannot ${verb} c.toml: stale file handle (ESTALE)`,
  ];
  expect(await answers(child)).toEqual([
    ...STALE_ANSWERS.flatMap((fault, index) => [
      [fault, '', index + 1],
      [fault, '', null],
    ]),
    ['RENAME ESTALE c.toml 2', '', null],
    ['a = 8\nb = 7\n', [...FILES, 'fault']],
    [stale('CONFIG_READ', 'read'), stale('CONFIG_READ', 'read')],
  ]);
});

/** Runs a script under a limit that the shell sets. */
function runLimited(context: TestContext, limit: string, form: Form, text: string): Child {
  if (process.platform !== 'linux') context.skip('flock(1) needs Linux');
  requires(context, ['flock']);
  const directory = temporaryDirectory();
  writeFileSync(join(directory, 'c.toml'), 'a = 1\n');
  return new Child('sh', [
    ...['-c', `cd "$0" && ${limit} && exec "$@"`, directory],
    ...[process.execPath, ...script(form, text)],
  ]);
}

test.for(FORMS)('a set that exceeds the file size limit fails with CONFIG_WRITE: %s', async (form, context) => {
  const child = runLimited(
    context,
    'ulimit -f 16',
    form,
    `say(await set('b', 'x'.repeat(100_000)), state());
     say(await set('a', 2), state());`,
  );
  expect(await answers(child)).toEqual([
    [
      [true, 'CONFIG_WRITE', 'EFBIG', 'Cannot write c.toml: EFBIG: file too large, write'],
      ['a = 1\n', FILES, true],
    ],
    [null, ['a = 2\n', FILES, true]],
  ]);
});

test.for(FORMS)('a set without a free descriptor fails with EMFILE, and nothing is lost: %s', async (form, context) => {
  const child = runLimited(
    context,
    'ulimit -n 64',
    form,
    `// Load all modules first.
     await set('a', 1);
     await new Promise(setImmediate);
     const taken = [];
     for (let isOver = false; !isOver; ) try { taken.push(fs.openSync('/dev/null')); } catch { isOver = true; }
     // Each round has one more free descriptor.
     for (let free = 0; free < 4; free++) {
       const answer = await set('a', free + 2);
       await new Promise(setImmediate);
       say(free, Array.isArray(answer) ? answer.slice(0, 3) : answer);
       fs.closeSync(taken.pop());
     }
     for (const fd of taken) fs.closeSync(fd);
     say(state());
     say(await set('a', 9), state());`,
  );
  expect(await answers(child)).toEqual([
    // No descriptor for the lock.
    [0, [true, 'LOCK_IO', 'EMFILE']],
    // One for the lock, none for the config.
    [1, [true, 'CONFIG_READ', 'EMFILE']],
    [2, null],
    [3, null],
    [['a = 5\n', FILES, true]],
    [null, ['a = 9\n', FILES, true]],
  ]);
});
