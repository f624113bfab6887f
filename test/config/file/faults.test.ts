import { chownSync, existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { type Answer, ConfigWriter } from '../../support/process/config-writer.js';
import { pathsOf, requiresAttaching, type SystemCall, traced } from '../../support/process/strace.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

// Every system call by which a transaction touches its files fails once, with every error that disks, quotas and limits
// give. First the calls are recorded, then each is made to fail by strace(1), in the same processes.

const ERRORS = ['ENOSPC', 'EIO', 'EDQUOT', 'EROFS', 'EACCES', 'EMFILE', 'EBUSY'];
const FORMS = ['asynchronous', 'synchronous'] as const;
const OLD = '# mine\na = 1\n';
const DEAD = '.c.toml.dead.tmp';

/** In memory where that is to be had: thousands of syncs take no time there. */
const FAST = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

const isRoot = process.geteuid?.() === 0;

interface Situation {
  /** Within the writer's directory. */
  readonly config: string;
  /** What `a` is set to. */
  readonly value: number;
  /** The config before and after. */
  readonly before: string | undefined;
  readonly after: string;
  prepare(config: string): void;
}

const SITUATIONS: Record<string, Situation> = {
  'replaces the file of another user, where a writer has died': {
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
  'makes the file and its directory': {
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
    // The lock file stays as the last call has left it: marked clean.
    prepare: (config) => writeFileSync(config, OLD),
  },
};

/** A writer in a situation, and the calls that touch its files there when none fails. */
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

/** Whether a call of that name comes before this one. */
function isAfter(watched: Watched, call: SystemCall, name: string): boolean {
  return watched.calls.slice(0, watched.calls.indexOf(call)).some((one) => one.name === name && one.result === '0');
}

/** The code that says that a system call has failed; undefined where the transaction comes to a good end all the same. */
function expectedCode(watched: Watched, call: SystemCall, error: string): string | undefined {
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
      // That it is still the file that was read.
      return call.args.includes('AT_SYMLINK_NOFOLLOW') ? 'CONFIG_WRITE' : 'CONFIG_READ';
    case 'openat new lock file':
    case 'fstat lock file':
      return 'LOCK_IO';
    case 'lstat lock file':
    case 'newfstatat lock file':
      // Once it is open this asks whether the path still names it; if not, all starts over.
      return isAfter(watched, call, 'flock') ? undefined : 'LOCK_IO';
    case 'openat lock file':
      // It can be locked all the same if it may only be read.
      return error === 'EACCES' || error === 'EROFS' ? undefined : 'LOCK_IO';
    case 'flock lock file':
      // Closing it unlocks it too.
      return call.args.includes('LOCK_UN') ? undefined : 'LOCK_IO';
    // What it says only informs, and makes the next writer sweep.
    case 'pread64 lock file':
    case 'pwrite64 lock file':
    case 'fchown lock file':
    // All was read or synced.
    case 'close lock file':
    case 'close config':
    case 'close directory':
    case 'close directory above':
    // The next writer sweeps.
    case "unlink dead writer's file":
    case 'unlink temporary file':
    // No list could be copied, so the group has what everybody has.
    case 'fremovexattr temporary file':
    // It is made where it is not found, and is there.
    case 'access directory above':
    case 'access config':
      return undefined;
    case 'openat directory above':
    case 'fsync directory above':
      // Where nobody like us can have made the directory its name need not be synced.
      return ['EACCES', 'EROFS'].includes(error) && isAfter(watched, call, 'flock') ? undefined : 'CONFIG_WRITE';
    default:
      return 'CONFIG_WRITE';
  }
}

/** What is not as it should be after a call has failed. */
async function wrongsAfter(watched: Watched, call: SystemCall, error: string, answer: Answer): Promise<string[]> {
  const wrongs: string[] = [];
  const expectThat = (what: string, is: unknown, expected: unknown) => {
    if (is !== expected) wrongs.push(`${what} is ${JSON.stringify(is)}, not ${JSON.stringify(expected)}`);
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
  // What strace keeps from being closed or removed is still there.
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
  return wrongs;
}

test.for(ERRORS)(
  '%s of any system call is told, leaves the old file or the new one, the lock free, and no litter',
  async (error, context) => {
    requiresAttaching(context);
    const all = startWriters();
    // What is done only once is done.
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
      const threads = readdirSync(`/proc/${one.writer.pid}/task`).map(Number);
      one.calls = recorded.filter(({ thread }) => threads.includes(thread));
    }
    const wrongs: string[] = [];
    for (const [variant, isMain, number] of turns(all)) {
      // The n-th call of this name in the main thread, or in the one that syncs, of each that makes so many.
      const affected = all.flatMap((watched) => {
        const call = callsOf(watched, variant, isMain)[number - 1];
        return call === undefined ? [] : [{ watched, call }];
      });
      const some = affected.map(({ watched }) => watched);
      const setSome = setAll(some);
      let answers: Answer[] = [];
      const calls = await traced(
        affected.map(({ call }) => call.thread),
        ['-e', `trace=${variant}`, '-e', `inject=${variant}:error=${error}:when=${number}`, ...pathOptions(some)],
        async () => {
          answers = await setSome();
        },
      );
      const found = affected.map(async ({ watched, call }, index) => {
        const wrong = await wrongsAfter(watched, call, error, answers[index] as Answer);
        return wrong.map((text) => `${watched.title}, ${variant}(${call.args}): ${text}`);
      });
      wrongs.push(...(await Promise.all(found)).flat());
      expect(calls.filter(({ isInjected }) => isInjected)).toHaveLength(affected.length);
    }
    expect(wrongs).toEqual([]);
  },
);

function callsOf({ calls, writer }: Watched, variant: string, isMain: boolean): SystemCall[] {
  return calls.filter((call) => call.variant === variant && (call.thread === writer.pid) === isMain);
}

/** Each name of a call, whose thread, and which of them, as far as any writer has one. */
function* turns(all: readonly Watched[]): Generator<[string, boolean, number]> {
  for (const variant of new Set(all.flatMap(({ calls }) => calls.map((call) => call.variant)))) {
    for (const isMain of [true, false]) {
      const most = Math.max(...all.map((watched) => callsOf(watched, variant, isMain).length));
      for (let number = 1; number <= most; number++) yield [variant, isMain, number];
    }
  }
}
