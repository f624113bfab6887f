import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { describe, expect, type TestContext, test } from 'vitest';
import { withPackage } from '../../support/package/dist.js';
import { Child } from '../../support/process/child.js';
import { pathsOf, readTrace, requiresStrace, type SystemCall } from '../../support/process/strace.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

// Only data that was synced survives a power loss. These tests check the order of the system calls: docs/protocol.md,
// "One transaction".

const forms = ['asynchronous', 'synchronous'] as const;

const TEN_THOUSAND_KEYS = "['a', ...Array(9999).keys()].map(String)";

/** The calls under test, in both forms. */
const calls: Record<string, Record<(typeof forms)[number], string>> = {
  'a set': {
    asynchronous: "await zjj.setConfigValue(path, 'a', 2)",
    synchronous: "zjj.setConfigValueSync(path, 'a', 2)",
  },
  'an unset': {
    asynchronous: "await zjj.unsetConfigValue(path, 'a')",
    synchronous: "zjj.unsetConfigValueSync(path, 'a')",
  },
  'an update': {
    asynchronous: "await zjj.updateConfig(path, (tx) => tx.set('a', 2))",
    synchronous: "zjj.updateConfigSync(path, (tx) => tx.set('a', 2))",
  },
  'a set to the same value': {
    asynchronous: "await zjj.setConfigValue(path, 'a', 1)",
    synchronous: "zjj.setConfigValueSync(path, 'a', 1)",
  },
  'an unset of a missing key': {
    asynchronous: "await zjj.unsetConfigValue(path, 'x')",
    synchronous: "zjj.unsetConfigValueSync(path, 'x')",
  },
  'an update that changes nothing': {
    asynchronous: "await zjj.updateConfig(path, (tx) => tx.get('a'))",
    synchronous: "zjj.updateConfigSync(path, (tx) => tx.get('a'))",
  },
  'a set that is refused': {
    asynchronous: "await zjj.setConfigValue(path, 'a.b', 1).catch(() => {})",
    synchronous: "try { zjj.setConfigValueSync(path, 'a.b', 1); } catch {}",
  },
  'ten thousand sets at once': {
    asynchronous: `await Promise.all(${TEN_THOUSAND_KEYS}.map((key) => zjj.setConfigValue(path, key, 2)))`,
    synchronous: `zjj.updateConfigSync(path, (tx) => ${TEN_THOUSAND_KEYS}.map((key) => tx.set(key, 2)))`,
  },
};

const WATCHED = [
  'flock',
  'fsync',
  'fdatasync',
  'sync_file_range',
  'write',
  'pwrite64',
  'writev',
  'pwritev',
  'ftruncate',
]
  .concat(['rename', 'renameat', 'renameat2', 'link', 'linkat', 'unlink', 'unlinkat', 'mkdir', 'mkdirat'])
  .map((name) => `?${name}`)
  .join();

/** Runs a call in a child process and returns the steps that matter for durability, up to the answer. */
async function steps(context: TestContext, call: string, form: (typeof forms)[number], path: string, within: string) {
  requiresStrace(context);
  const trace = join(temporaryDirectory(), 'trace');
  const script = withPackage(`
    const path = ${JSON.stringify(path)};
    const say = (text) => require('node:fs').writeSync(1, text + '\\n');
    say('begins');
    ${calls[call]?.[form]};
    say('has answered');`);
  const options = ['-f', '-qq', '-y', '-e', 'signal=none', '-e', `trace=${WATCHED}`];
  const child = new Child('strace', ['-o', trace, ...options, process.execPath, ...script]);
  expect(await child.exit(), child.stderr).toBe(0);
  const all = readTrace(trace)
    // A sync counts when it ends. A step that must follow a sync counts when it begins.
    .map((system) => ({ text: describeStep(system, within), at: isSync(system) ? system.ends : system.begins }))
    .filter(({ text }) => text !== undefined)
    .sort((one, two) => one.at - two.at)
    .map(({ text }) => text);
  return all.slice(all.indexOf('begins') + 1);
}

const isSync = ({ name }: SystemCall) => name === 'fsync' || name === 'mkdir';

function describeStep(system: SystemCall, within: string): string | undefined {
  const { name, args, result } = system;
  const said = /^1<.*"(begins|has answered)\\n"/.exec(args)?.[1];
  if (said !== undefined) return said;
  if (!/^\d+$/.test(result)) return undefined;
  const paths = pathsOf(system).map((path) => nameOf(path, within));
  // Files outside the directory: pipes, and the descriptors that Node.js wakes its threads with.
  if (paths.every((path) => path === undefined)) return undefined;
  if (name === 'flock') return args.includes('LOCK_UN') ? 'unlock' : 'lock';
  if (paths[0]?.endsWith('.lock')) return args.includes('released by') ? 'mark the lock file clean' : undefined;
  return [name, ...paths].join(' ');
}

function nameOf(path: string, within: string): string | undefined {
  const name = relative(within, path) || '.';
  if (/^\.\.\/./.test(name)) return undefined;
  return name.replace(/\.[^/]+\.zjj-[0-9a-f]+\.tmp$/, 'TEMPORARY');
}

const synced = (name: string, temporary: string) => [
  `write ${temporary}`,
  `fsync ${temporary}`,
  `rename ${temporary} ${name}`,
  'mark the lock file clean',
  'unlock',
];

describe.each(forms)('in the %s form everything is on disk before the answer to', (form) => {
  test.for(['a set', 'an update', 'an unset', 'ten thousand sets at once'])('%s', async (call, context) => {
    const directory = temporaryDirectory();
    const path = join(directory, 'c.toml');
    writeFileSync(path, 'a = 1\nd = 4\n');
    expect(await steps(context, call, form, path, directory)).toEqual([
      'lock',
      ...synced('c.toml', 'TEMPORARY'),
      'fsync .',
      'has answered',
    ]);
    expect(readFileSync(path, 'utf8')).not.toContain('a = 1');
  });

  test.for(['a set', 'an update', 'ten thousand sets at once'])('%s that creates the file', async (call, context) => {
    const directory = temporaryDirectory();
    const path = join(directory, 'c.toml');
    expect(await steps(context, call, form, path, directory)).toEqual([
      'lock',
      // The process that made the directory may not have synced its name. The others are tested below.
      'fsync ..',
      'write TEMPORARY',
      'fsync TEMPORARY',
      'link TEMPORARY c.toml',
      'unlink TEMPORARY',
      'mark the lock file clean',
      'unlock',
      'fsync .',
      'has answered',
    ]);
  });

  test('a set that creates the file, its directory and the parent directory', async (context) => {
    const directory = temporaryDirectory();
    expect(await steps(context, 'a set', form, join(directory, 'one', 'two', 'c.toml'), directory)).toEqual([
      'mkdir one',
      'mkdir one/two',
      'lock',
      // Nothing relies on the names of the directories before there is a config.
      'fsync one',
      'fsync .',
      'fsync ..',
      'write one/two/TEMPORARY',
      'fsync one/two/TEMPORARY',
      'link one/two/TEMPORARY one/two/c.toml',
      'unlink one/two/TEMPORARY',
      'mark the lock file clean',
      'unlock',
      'fsync one/two',
      'has answered',
    ]);
  });

  test.for([tmpdir(), '/dev/shm'])(
    'a set that creates the first file below directories that others made: in %s',
    async (within, context) => {
      if (!existsSync(within)) context.skip(`this system has no ${within}`);
      const directory = temporaryDirectory(within);
      const made = join(directory, 'u', 'v', 'w');
      mkdirSync(made, { recursive: true });
      const isMountPoint = (path: string) => statSync(path).dev !== statSync(dirname(path)).dev;
      const expected: string[] = [];
      for (let path = made; path !== '/' && !isMountPoint(path); path = dirname(path)) expected.push(dirname(path));
      const taken = (await steps(context, 'a set', form, join(made, 'c.toml'), '/')).map(String);
      const synced = taken.slice(
        0,
        taken.findIndex((step) => step.startsWith('write') && step.includes('TEMPORARY')),
      );
      expect(synced.filter((step) => step.startsWith('fsync'))).toEqual(
        expected.map((path) => `fsync ${relative('/', path) || '.'}`),
      );
    },
  );

  test('a set through a symbolic link, which syncs the directory of the target', async (context) => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, 'real'));
    writeFileSync(join(directory, 'real', 'c.toml'), 'a = 1\n');
    symlinkSync('real/c.toml', join(directory, 'link'));
    expect(await steps(context, 'a set', form, join(directory, 'link'), directory)).toEqual([
      'lock',
      ...synced('real/c.toml', 'real/TEMPORARY'),
      'fsync real',
      'has answered',
    ]);
  });

  test.for([
    'a set to the same value',
    'an unset of a missing key',
    'an update that changes nothing',
    'a set that is refused',
  ])('%s, which writes nothing but may have read data that is not on disk yet', async (call, context) => {
    const directory = temporaryDirectory();
    const path = join(directory, 'c.toml');
    writeFileSync(path, 'a = 1\n');
    const before = statSync(path, { bigint: true });
    expect(await steps(context, call, form, path, directory)).toEqual([
      'lock',
      // The lock file is new, so the temporary file is created before the merge finds nothing to write.
      'unlink TEMPORARY',
      'mark the lock file clean',
      'unlock',
      'fsync c.toml',
      'fsync .',
      'has answered',
    ]);
    const after = statSync(path, { bigint: true });
    expect([after.ino, after.mtimeNs, after.ctimeNs]).toEqual([before.ino, before.mtimeNs, before.ctimeNs]);
  });
});
