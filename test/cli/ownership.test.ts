import { chmodSync, chownSync, lchownSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, type TestContext, test } from 'vitest';
import { requires } from '../support/requires/requires.js';
import { requiresMount } from '../support/requires/requires-mount.js';
import { requiresUnprivileged, runCli, temporaryDirectory, writeUserConfig } from './run-cli.js';

const USER = 65_534;
const STRANGER = 12_345;
const asUser = ['setpriv', `--reuid=${USER}`, `--regid=${USER}`, '--clear-groups'];

function requiresTwoUsers(context: TestContext): void {
  if (process.platform !== 'linux') context.skip('setpriv(1) needs Linux');
  if (process.geteuid?.() !== 0) context.skip('only root can become other users');
  requires(context, ['setpriv']);
}

/** A directory like /tmp with a project config that a stranger has planted, and the home of a user who works there. */
function plantedProject() {
  const shared = temporaryDirectory();
  chmodSync(shared, 0o1777);
  const home = join(shared, 'home');
  const file = join(shared, '.zjj', 'config.toml');
  for (const directory of [home, join(shared, '.zjj')]) mkdirSync(directory);
  writeFileSync(file, 'url = "http://evil"\n');
  chownSync(home, USER, USER);
  for (const path of [join(shared, '.zjj'), file]) {
    chownSync(path, STRANGER, STRANGER);
    chmodSync(path, 0o777);
  }
  return { shared, home, file };
}

test("another user's project config is neither read nor written, and a warning says how to use it", async (context) => {
  requiresTwoUsers(context);
  const { shared, home, file } = plantedProject();
  const options = { home, cwd: shared, runner: asUser };
  const warning =
    `Not using ${file}: ${join(shared, '.zjj')} belongs to uid ${STRANGER}. ` +
    `To use it, pass --file ${file} or add ${shared} to ZJJ_TRUSTED_DIRECTORIES.`;
  expect(await runCli(['config', '--quiet', 'secret', 's'], options)).toMatchObject({
    exitCode: 0,
    stdout: '',
    stderr: `Warning: ${warning}\n`,
  });
  expect(readFileSync(join(home, 'config.toml'), 'utf8')).toBe('secret = "s"\n');
  expect(readFileSync(file, 'utf8')).toBe('url = "http://evil"\n');
  const list = await runCli(['config', '--json'], options);
  expect(JSON.parse(list.stdout)).toEqual({ secret: 's' });
  expect(JSON.parse(list.stderr)).toEqual({ warning: { message: warning } });
  expect(await runCli(['config', '--project', 'secret', 's'], options)).toMatchObject({ exitCode: 3, stdout: '' });
  const trusting = { ...options, env: { ZJJ_TRUSTED_DIRECTORIES: shared } };
  expect(await runCli(['config', 'url'], trusting)).toMatchObject({ stdout: 'http://evil\n', stderr: '' });
  expect(await runCli(['config', '--file', file, 'url'], options)).toMatchObject({
    stdout: 'http://evil\n',
    stderr: '',
  });
});

test("root's project config counts for every user", async (context) => {
  requiresTwoUsers(context);
  const { shared, home, file } = plantedProject();
  for (const path of [join(shared, '.zjj'), file]) chownSync(path, 0, 0);
  const options = { home, cwd: shared, runner: asUser };
  expect(await runCli(['config', 'url'], options)).toMatchObject({ stdout: 'http://evil\n', stderr: '' });
});

test('a .zjj that may not be searched is an error for a write, and a warning for a read', async (context) => {
  requiresUnprivileged(context);
  const home = temporaryDirectory();
  const folder = join(home, 'work', '.zjj');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'config.toml'), 'a = 1\n');
  const config = writeUserConfig(home, 'b = 2\n');
  chmodSync(folder, 0);
  try {
    const options = { home, cwd: join(home, 'work'), isUnprivileged: true };
    const reason = `${join(folder, 'config.toml')}: permission denied (EACCES).`;
    expect(await runCli(['config', 'b', '3'], options)).toMatchObject({
      exitCode: 3,
      stderr: `Error: Cannot use ${reason} --file or --global names another config.\n`,
    });
    expect(await runCli(['config', 'b'], options)).toMatchObject({
      exitCode: 0,
      stdout: '2\n',
      stderr: `Warning: Not using ${reason}\n`,
    });
    expect(readFileSync(config, 'utf8')).toBe('b = 2\n');
  } finally {
    chmodSync(folder, 0o700);
  }
});

test.skipIf(process.platform === 'darwin')(
  'first writers beside the config.toml of another program agree on one file (not on macOS)',
  async () => {
    const home = temporaryDirectory();
    const other = join(home, 'config.toml');
    writeFileSync(other, 'other = 1\n');
    const keys = Array.from({ length: 8 }, (_, index) => `k${index}`);
    const env = { APPDATA: join(home, '.config') };
    const ends = await Promise.all(keys.map((key) => runCli(['config', key, '1'], { home, env })));
    expect(ends.map(({ exitCode }) => exitCode)).toEqual(keys.map(() => 0));
    const lines = readFileSync(join(home, '.config', 'zjj', 'config.toml'), 'utf8')
      .trimEnd()
      .split('\n');
    expect(lines.sort()).toEqual(keys.map((key) => `${key} = 1`).sort());
    expect(readFileSync(other, 'utf8')).toBe('other = 1\n');
  },
);

test("the user's values stay when a lock file or a config appears in the home directory", async () => {
  const home = temporaryDirectory();
  mkdirSync(join(home, '.config', 'zjj'), { recursive: true });
  mkdirSync(join(home, 'Library', 'Application Support'), { recursive: true });
  const options = { home, env: { APPDATA: join(home, '.config') } };
  await runCli(['config', 'a', '1'], options);
  writeFileSync(join(home, 'config.toml.lock'), '');
  expect((await runCli(['config', 'a'], options)).stdout).toBe('1\n');
  // Leaves the store's mark beside it.
  await runCli(['config', '-f', 'config.toml', 'b', '2'], options);
  expect(JSON.parse((await runCli(['config', '--json'], options)).stdout)).toEqual({ a: 1 });
});

test('the command and ZJJ_CONFIG expand ~/, and refuse a URL', async () => {
  const home = temporaryDirectory();
  await runCli(['config', '--file=~/own.toml', 'a', '1'], { home });
  expect(readFileSync(join(home, 'own.toml'), 'utf8')).toBe('a = 1\n');
  const env = { ZJJ_CONFIG: '~/own.toml', USERPROFILE: home };
  expect((await runCli(['config', 'a'], { home, env })).stdout).toBe('1\n');
  for (const args of [['path'], ['a'], ['a', '1']]) {
    expect(await runCli(['config', '-f', 'file:///x.toml', ...args], { home })).toMatchObject({
      exitCode: 3,
      stdout: '',
      stderr: expect.stringContaining("'file:///x.toml' is a URL, not a path"),
    });
  }
});

test('a link is not followed where the kernel does not follow links', async (context) => {
  requiresMount(context);
  const directory = temporaryDirectory();
  const outside = temporaryDirectory();
  const target = join(outside, 'c.toml');
  writeFileSync(target, 'a = 1\n');
  // A mount without links stands for fs.protected_symlinks, which belongs to the whole machine.
  const script =
    'mount -t tmpfs -o nosymfollow tmpfs "$0" && cd "$0" && ln -s "$1" there && ln -s "$1.new" missing && shift && exec "$@"';
  const runner = ['unshare', '-m', 'sh', '-c', script, directory, target];
  const options = { home: directory, runner };
  if ((await runCli([], options)).exitCode !== 0) context.skip('mount(8) or the kernel does not know nosymfollow');
  for (const name of ['there', 'missing']) {
    const file = join(directory, name);
    for (const args of [['a', '2'], ['a'], ['unset', 'a']]) {
      expect(await runCli(['config', '--file', file, ...args], options)).toMatchObject({
        exitCode: 3,
        stdout: '',
        stderr: `Error: Cannot read ${file}: too many symbolic links (ELOOP)\n`,
      });
    }
  }
  expect(readFileSync(target, 'utf8')).toBe('a = 1\n');
});

test("another user's link in a sticky directory is not followed", async (context) => {
  requiresTwoUsers(context);
  const isProtected = readFileSync('/proc/sys/fs/protected_symlinks', 'utf8').trim() === '1';
  if (!isProtected) context.skip('this system sets fs.protected_symlinks to 0');
  const shared = temporaryDirectory();
  const target = join(temporaryDirectory(), 'c.toml');
  writeFileSync(target, 'a = 1\n');
  chmodSync(shared, 0o1777);
  for (const path of [target, `${target}.new`]) {
    const link = join(shared, path === target ? 'there' : 'missing');
    symlinkSync(path, link);
    lchownSync(link, STRANGER, STRANGER);
    const result = await runCli(['config', '--file', link, 'a', '2'], { home: shared });
    expect(result).toMatchObject({ exitCode: 3, stderr: `Error: Cannot write ${link}: permission denied (EACCES)\n` });
  }
  expect(readFileSync(target, 'utf8')).toBe('a = 1\n');
});
