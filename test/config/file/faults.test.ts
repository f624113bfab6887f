import { chownSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { type Answer, ConfigWriter } from '../../support/process/config-writer.js';
import { pathsOf, requiresAttaching, type SystemCall, traced } from '../../support/process/strace.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

// Every system call that a transaction makes on its files fails once, with every error that disks, quotas and limits
// cause. The test first records the calls. Then strace(1) makes each of them fail in turn, in the same processes.

const ERRORS = ['ENOSPC', 'EIO', 'EDQUOT', 'EROFS', 'EACCES', 'EMFILE', 'EBUSY'];
const FORMS = ['asynchronous', 'synchronous'] as const;
const OLD = '# mine\na = 1\n';
const DEAD = '.c.toml.zjj-000000000000dead.tmp';

/** In memory if possible: a sync takes no time there, and the tests make thousands. */
const FAST = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

const isRoot = process.geteuid?.() === 0;

interface Situation {
  /** The path, relative to the directory of the writer. */
  readonly config: string;
  /** The value to set `a` to. */
  readonly value: number;
  /** The text of the config before and after. */
  readonly before: string | undefined;
  readonly after: string;
  prepare(config: string): void;
}

const SITUATIONS: Record<string, Situation> = {
  'replaces the file of another user after a writer died': {
    config: 'c.toml',
    value: 2,
    before: OLD,
    after: OLD.replace('1', '2'),
    prepare(config) {
      rmSync(`${config}.lock`, { force: true });
      writeFileSync(config, OLD);
      if (isRoot) chownSync(config, 65534, 65534);
      writeFileSync(join(dirname(config), DEAD), 'a =');
    },
  },
  'creates the file and its directory': {
    config: 'new/c.toml',
    value: 2,
    before: undefined,
    after: 'a = 2\n',
    prepare: (config) => rmSync(dirname(config), { recursive: true, force: true }),
  },
  'changes nothing': {
    config: 'c.toml',
    value: 1,
    before: OLD,
    after: OLD,
    // The lock file keeps the clean mark of the last call.
    prepare: (config) => writeFileSync(config, OLD),
  },
};

/** A writer in a situation, and the calls that it makes on its files if none of them fails. */
interface Watched {
  readonly title: string;
  readonly situation: Situation;
  readonly writer: ConfigWriter;
  readonly paths: readonly string[];
  calls: readonly SystemCall[];
}

function startWriters(): Watched[] {
  return Object.entries(SITUATIONS).flatMap(([name, situation]) =>
    FORMS.map((form) => {
      const directory = temporaryDirectory(FAST);
      const writer = new ConfigWriter(join(directory, situation.config), form);
      const home = dirname(writer.config);
      const paths = [directory, home, writer.config, `${writer.config}.lock`, join(home, DEAD), ...writer.temporary];
      return { title: `${form}, ${name}`, situation, writer, paths, calls: [] };
    }),
  );
}

const pathOptions = (watched: readonly Watched[]) =>
  watched.flatMap(({ paths }) => paths.flatMap((path) => ['-P', path]));

function roleOf({ paths, writer }: Watched, call: SystemCall): string {
  const path = pathsOf(call).find((one) => paths.includes(one)) ?? '';
  if (path.endsWith('.lock')) return call.args.includes('O_CREAT') ? 'new lock file' : 'lock file';
  if (path.endsWith(DEAD)) return "dead writer's file";
  if (path.endsWith('.tmp')) return 'temporary file';
  if (path === writer.config) return 'config';
  return path === dirname(writer.config) ? 'directory' : 'directory above';
}

/** Whether a call with that name succeeded before this one. */
function isAfter(watched: Watched, call: SystemCall, name: string): boolean {
  return watched.calls.slice(0, watched.calls.indexOf(call)).some((one) => one.name === name && one.result === '0');
}

/** The error code that a failed system call leads to; undefined if the transaction succeeds anyway. */
function expectedCode(watched: Watched, call: SystemCall, error: string): string | undefined {
  const code = codeOfFault(watched, call, error);
  // A write without permission has one code, whichever system call said so.
  return code !== undefined && isDenial(error) ? 'CONFIG_WRITE' : code;
}

const isDenial = (error: string) => error === 'EACCES' || error === 'EROFS';

function codeOfFault(watched: Watched, call: SystemCall, error: string): string | undefined {
  switch (`${call.name} ${roleOf(watched, call)}`) {
    case 'readlink config':
    case 'readlink directory':
    case 'readlink directory above':
    case 'read config':
    case 'pread64 config':
      return 'CONFIG_READ';
    case 'openat config':
      return call.args.includes('O_NONBLOCK') ? 'CONFIG_READ' : 'CONFIG_WRITE';
    case 'statx config':
      // The lstat before the rename checks that the config is still the file that was read.
      return call.args.includes('AT_SYMLINK_NOFOLLOW') ? 'CONFIG_WRITE' : 'CONFIG_READ';
    case 'openat new lock file':
    case 'fstat lock file':
    case 'lstat lock file':
    case 'newfstatat lock file':
      // With the lock held, this checks that the path still names the lock file. If not, the transaction starts over.
      return isAfter(watched, call, 'flock') ? undefined : 'LOCK_IO';
    case 'openat lock file':
      // The lock then opens the file read-only, which is enough to lock it.
      return isDenial(error) ? undefined : 'LOCK_IO';
    case 'flock lock file':
      // Closing the file unlocks it too.
      return call.args.includes('LOCK_UN') ? undefined : 'LOCK_IO';
    // The record is only informative. Without a clean mark, the next writer sweeps.
    case 'pread64 lock file':
    case 'pwrite64 lock file':
    case 'fchown lock file':
    case 'fchmod lock file':
    // Whom the lock file lets in. The lock works without that.
    case 'statx lock file':
    // Everything was read or synced before.
    case 'close lock file':
    case 'close config':
    case 'close directory':
    case 'close directory above':
    // The next writer sweeps.
    case "statx dead writer's file":
    case "unlink dead writer's file":
    case 'unlink temporary file':
    // The inherited list stays, and the group bits are narrowed to those of others.
    case 'fremovexattr temporary file':
    // existsSync: an error counts as missing, and the next step finds that the file exists.
    case 'access directory above':
    case 'access config':
      return undefined;
    case 'faccessat2 config':
      // Whether this user may write the config. Only a clear no counts.
      return isDenial(error) ? 'CONFIG_WRITE' : undefined;
    case 'statx directory':
    case 'statx directory above':
    case 'openat directory above':
    case 'fsync directory above':
      // If this user cannot open the parent directory, this user did not create the directory: its name needs no sync.
      return isDenial(error) && isAfter(watched, call, 'flock') ? undefined : 'CONFIG_WRITE';
    default:
      return 'CONFIG_WRITE';
  }
}

/** Checks the state after a call failed, and returns the problems. */
async function findProblems(watched: Watched, call: SystemCall, error: string, answer: Answer): Promise<string[]> {
  const problems: string[] = [];
  const expectThat = (what: string, is: unknown, expected: unknown) => {
    if (is !== expected) problems.push(`${what} is ${JSON.stringify(is)}, not ${JSON.stringify(expected)}`);
  };
  const { writer, situation } = watched;
  const code = expectedCode(watched, call, error);
  expectThat('code', answer.code, code);
  if (code !== undefined) {
    expectThat('being a ZjjError', answer.isZjjError, true);
    expectThat('code of the cause', answer.cause, error);
    expectThat(`its name in '${answer.message}'`, answer.message?.includes(error), true);
  }
  const isReplaced = isAfter(watched, call, 'rename') || isAfter(watched, call, 'link');
  expectThat('config', writer.text, code === undefined || isReplaced ? situation.after : situation.before);
  expectThat('lock', writer.isLocked, false);
  // An injected error skips the system call, so a descriptor stays open and a file stays in place.
  if (call.name !== 'close') expectThat('number of leaked descriptors', answer.leaked, 0);
  const isLeft = call.name === 'unlink' && roleOf(watched, call) === 'temporary file';
  const litter = writer.litter.filter((name) => name !== DEAD);
  expectThat('number of temporary files', litter.length, isLeft ? 1 : 0);
  const before = writer.text ?? '';
  const next = await writer.set('b', 3);
  expectThat('next code', next.code, undefined);
  expectThat('next number of leaked descriptors', next.leaked, 0);
  expectThat('next config', writer.text, `${before}b = 3\n`);
  expectThat('next number of temporary files', writer.litter.length, 0);
  return problems;
}

test.for(ERRORS)(
  'after %s from any system call the file is the old or the new one, the lock is free, and no litter is left',
  async (error, context) => {
    requiresAttaching(context);
    const all = startWriters();
    // Warm up: some system calls are made only once per process.
    for (const key of ['b', 'c']) await Promise.all(all.map(({ writer }) => writer.set(key, 1)));
    const setAll = (some: readonly Watched[]) => {
      for (const { situation, writer } of some) situation.prepare(writer.config);
      return () => Promise.all(some.map(({ writer, situation }) => writer.set('a', situation.value)));
    };
    const set = setAll(all);
    const recorded = await traced(
      all.map(({ writer }) => writer.pid),
      ['-f', ...pathOptions(all)],
      async () => void (await set()),
    );
    for (const one of all) {
      one.calls = recorded.filter((call) => pathsOf(call).some((path) => one.paths.includes(path)));
    }
    const problems: string[] = [];
    for (const [variant, isMain, number] of eachFault(all)) {
      // For each writer, the n-th call with this name in the main thread, or in the thread that commits.
      const affected = all.flatMap((watched) => {
        const call = callsOf(watched, variant, isMain)[number - 1];
        return call === undefined ? [] : [{ watched, call }];
      });
      const some = affected.map(({ watched }) => watched);
      let answers: Answer[] = [];
      let calls: SystemCall[] = [];
      const injected = () => calls.filter(({ isInjected }) => isInjected).length;
      // A thread may end before the set gets to it. A new one, not traced, then does the work.
      do {
        const setSome = setAll(some);
        calls = await traced(
          await Promise.all(some.map(({ writer }) => (isMain ? writer.pid : writer.startThread()))),
          ['-e', `trace=${variant}`, '-e', `inject=${variant}:error=${error}:when=${number}`, ...pathOptions(some)],
          async () => {
            answers = await setSome();
          },
        );
      } while (!isMain && injected() < some.length);
      const found = affected.map(async ({ watched, call }, index) => {
        const texts = await findProblems(watched, call, error, answers[index] as Answer);
        return texts.map((text) => `${watched.title}, ${variant}(${call.args}): ${text}`);
      });
      problems.push(...(await Promise.all(found)).flat());
      expect(injected()).toBe(affected.length);
    }
    expect(problems).toEqual([]);
  },
);

test('a commit whose system calls are interrupted goes on', async (context) => {
  requiresAttaching(context);
  const directory = temporaryDirectory(FAST);
  const writer = new ConfigWriter(join(directory, 'c.toml'), 'asynchronous');
  for (const value of [1, 2]) await writer.set('a', value);
  const interrupt = (call: string) => ['-e', `inject=${call}:error=EINTR:when=1+2`];
  let calls: SystemCall[] = [];
  // As above.
  while (calls.filter(({ isInjected }) => isInjected).length < 4) {
    let answer: Answer | undefined;
    calls = await traced(
      [await writer.startThread()],
      ['-P', directory, ...writer.temporary.flatMap((file) => ['-P', file]), '-P', `${writer.config}.lock`].concat(
        ...['fsync', 'openat', 'flock'].map(interrupt),
      ),
      async () => {
        answer = await writer.set('a', 3 + calls.length);
      },
    );
    expect(answer).toEqual({ leaked: 0 });
  }
  expect([writer.isLocked, writer.litter]).toEqual([false, []]);
});

function callsOf({ calls, writer }: Watched, variant: string, isMain: boolean): SystemCall[] {
  return calls.filter((call) => call.variant === variant && (call.thread === writer.pid) === isMain);
}

/** Every combination of system call, thread and ordinal number that any writer has. */
function* eachFault(all: readonly Watched[]): Generator<[string, boolean, number]> {
  for (const variant of new Set(all.flatMap(({ calls }) => calls.map((call) => call.variant)))) {
    for (const isMain of [true, false]) {
      const most = Math.max(...all.map((watched) => callsOf(watched, variant, isMain).length));
      for (let number = 1; number <= most; number++) yield [variant, isMain, number];
    }
  }
}
