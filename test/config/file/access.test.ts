import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, type TestContext, test } from 'vitest';
import { setConfigValue, setConfigValueSync } from '../../../src/index.js';
import { root, withPackage } from '../../support/package/dist.js';
import { asUser, configOf, FOREIGN, GROUP, OTHER, requiresUsers, USER } from '../../support/process/as-user.js';
import { Child } from '../../support/process/child.js';
import { readTrace, requiresStrace } from '../../support/process/strace.js';
import { requires } from '../../support/requires/requires.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

// The permissions of the new file are those of the old one, or narrower. They are never wider.

const isRoot = process.geteuid?.() === 0;
const isPosix = process.platform !== 'win32';
const FORMS = ['asynchronous', 'synchronous'] as const;

/** Parts of messages. */
const NOT_IN_GROUP = 'access to the new file, because this user is not in that group (EPERM)';
const DENIED = 'permission denied (EACCES)';

const configPath = () => join(temporaryDirectory(), 'config.toml');
const modeOf = (path: string) => (statSync(path).mode & 0o7777).toString(8);

async function set(form: (typeof FORMS)[number], path: string, value: number): Promise<void> {
  if (form === 'asynchronous') await setConfigValue(path, 'a', value);
  else setConfigValueSync(path, 'a', value);
}

describe.runIf(isPosix)('the mode of', () => {
  test.for(['600', '400', '444', '640', '644', '664', '666', '755', '2640', '1644', '4755', '604'])(
    'a config with %s survives a set',
    async (mode) => {
      const path = configPath();
      for (const form of FORMS) {
        writeFileSync(path, 'a = 1\n', { flag: 'w' });
        chmodSync(path, Number.parseInt(mode, 8));
        await set(form, path, 2);
        expect([modeOf(path), readFileSync(path, 'utf8')]).toEqual([mode, 'a = 2\n']);
        chmodSync(path, 0o600);
      }
    },
  );

  test.for(FORMS)('a new file is fileMode less the umask: %s', async (form) => {
    const directory = temporaryDirectory();
    const suffix = form === 'asynchronous' ? '' : 'Sync';
    const child = Child.node(
      withPackage(`
        process.chdir(${JSON.stringify(directory)});
        process.umask(0o027);
        await zjj.setConfigValue${suffix}('default.toml', 'a', 1);
        await zjj.setConfigValue${suffix}('asked.toml', 'a', 1, { fileMode: 0o604 });
        process.umask(0);
        await zjj.setConfigValue${suffix}('open.toml', 'a', 1);
        await zjj.setConfigValue${suffix}('new/secret.toml', 'a', 1, { fileMode: 0o600 });`),
    );
    expect([await child.exit(), child.stderr]).toEqual([0, '']);
    const modes = ['default.toml', 'asked.toml', 'open.toml', 'new/secret.toml'].flatMap((name) => [
      modeOf(join(directory, name)),
      modeOf(join(directory, `${name}.lock`)),
    ]);
    expect(modes).toEqual(['640', '640', '600', '600', '666', '666', '600', '600']);
  });

  test('a temporary file is 0600 until it has the owner and group of the old file', async (context) => {
    requiresStrace(context);
    const path = configPath();
    writeFileSync(path, 'a = 1\n');
    chmodSync(path, 0o664);
    if (isRoot) chownSync(path, USER, GROUP);
    const trace = join(temporaryDirectory(), 'trace');
    const watched = 'trace=openat,open,write,fchown,fchmod,fsync,rename';
    const script = withPackage(`zjj.setConfigValueSync(${JSON.stringify(path)}, 'a', 2);`);
    const options = ['-f', '-qq', '-y', '-o', trace, '-e', 'signal=none', '-e', watched];
    const child = new Child('strace', [...options, process.execPath, ...script]);
    expect([await child.exit(), child.stderr]).toEqual([0, '']);
    const calls = readTrace(trace)
      .filter(({ args }) => args.includes('.tmp'))
      .map(({ name, args }) => [name, ...(args.match(/, (0\d+|-?\d+)(?=,|$)/g) ?? [])].join(''));
    expect(calls.filter((call) => !call.startsWith('write'))).toEqual([
      'openat, 0600',
      ...(isRoot ? [`fchown, -1, ${GROUP}`, `fchown, ${USER}, -1`] : []),
      'fchmod, 0664',
      'fsync',
      'rename',
    ]);
  });
});

const SET = "setConfigValue(paths[0], 'a', 2)";
const SET_SYNC = "setConfigValueSync(paths.at(-1), 'a', 2)";
const SET_SAME = "setConfigValue(paths[0], 'a', 1)";

const accessOf = (path: string) => {
  const { uid, gid } = statSync(path);
  return [uid, gid, modeOf(path)];
};

describe('a user who is not root', () => {
  test.for([
    // Files of USER.
    { owner: USER, group: USER, mode: '640', becomes: [USER, USER, '640'] },
    { owner: USER, group: GROUP, mode: '660', becomes: [USER, GROUP, '660'] },
    { owner: USER, group: GROUP, mode: '2640', becomes: [USER, GROUP, '2640'] },
    { owner: USER, group: GROUP, mode: '4750', becomes: [USER, GROUP, '4750'] },
    // Files of USER with a group that USER is not in: the group bits become those of others.
    { owner: USER, group: FOREIGN, mode: '600', becomes: [USER, USER, '600'] },
    { owner: USER, group: FOREIGN, mode: '644', becomes: [USER, USER, '644'] },
    { owner: USER, group: FOREIGN, mode: '2644', becomes: [USER, USER, '644'] },
    { owner: USER, group: FOREIGN, mode: '710', becomes: [USER, USER, '700'] },
    // Files of another user.
    { owner: OTHER, group: GROUP, mode: '664', becomes: [USER, GROUP, '664'] },
    { owner: OTHER, group: GROUP, mode: '4664', becomes: [USER, GROUP, '664'] },
    { owner: OTHER, group: FOREIGN, mode: '666', becomes: [USER, USER, '666'] },
  ])(
    'replaces a file of $owner:$group with mode $mode by one of $becomes',
    async ({ owner, group, mode, becomes }, context) => {
      requiresUsers(context);
      const paths = FORMS.map(() => configOf(owner, group, Number.parseInt(mode, 8)));
      expect(await asUser(context, paths, [SET, SET_SYNC])).toEqual(['done', 'done']);
      for (const path of paths) expect([accessOf(path), readFileSync(path, 'utf8')]).toEqual([becomes, 'a = 2\n']);
    },
  );

  test.for([
    { owner: USER, group: FOREIGN, mode: '640', why: `its group (gid ${FOREIGN}) would lose ${NOT_IN_GROUP}` },
    { owner: USER, group: FOREIGN, mode: '664', why: `its group (gid ${FOREIGN}) would lose ${NOT_IN_GROUP}` },
    { owner: USER, group: FOREIGN, mode: '604', why: `its group (gid ${FOREIGN}) would gain ${NOT_IN_GROUP}` },
    // Read-only files. A rename would not need permission to write them.
    { owner: USER, group: USER, mode: '444', why: `${DENIED}: its mode is 0444, its owner is this user` },
    { owner: USER, group: GROUP, mode: '460', why: `${DENIED}: its mode is 0460, its owner is this user` },
    { owner: OTHER, group: GROUP, mode: '644', why: `${DENIED}: its mode is 0644, its owner is uid ${OTHER}` },
    { owner: OTHER, group: FOREIGN, mode: '664', why: `${DENIED}: its mode is 0664, its owner is uid ${OTHER}` },
    { owner: OTHER, group: FOREIGN, mode: '444', why: `${DENIED}: its mode is 0444, its owner is uid ${OTHER}` },
    { owner: 0, group: 0, mode: '644', why: `${DENIED}: its mode is 0644, its owner is uid 0` },
  ])('cannot replace a file of $owner:$group with mode $mode: $why', async ({ owner, group, mode, why }, context) => {
    requiresUsers(context);
    const path = configOf(owner, group, Number.parseInt(mode, 8));
    const before = statSync(path).ino;
    const refused = `CONFIG_WRITE Cannot write PATH: ${why}`;
    // Setting the stored value again needs no new file.
    expect(await asUser(context, [path], [SET, SET_SYNC, SET_SAME])).toEqual([refused, refused, 'done']);
    expect([accessOf(path), readFileSync(path, 'utf8')]).toEqual([[owner, group, mode], 'a = 1\n']);
    expect(statSync(path).ino).toBe(before);
    expect(readdirSync(join(path, '..')).sort()).toEqual(['config.toml', 'config.toml.lock']);
  });

  test('gets an error for each call without permission, and nothing changes', async (context) => {
    requiresUsers(context);
    const unreadable = configOf(OTHER, OTHER, 0o600);
    expect(await asUser(context, [unreadable], [SET, SET_SYNC])).toEqual([
      `CONFIG_WRITE Cannot write PATH: ${DENIED}: its mode is 0600, its owner is uid ${OTHER}`,
      `CONFIG_WRITE Cannot write PATH: ${DENIED}: its mode is 0600, its owner is uid ${OTHER}`,
    ]);
    expect(await asUser(context, [unreadable], ["getConfigValue(paths[0], 'a')"])).toEqual([
      `CONFIG_READ Cannot read PATH: ${DENIED}`,
    ]);
    const path = configOf(OTHER, OTHER, 0o644);
    chownSync(join(path, '..'), OTHER, OTHER);
    chmodSync(join(path, '..'), 0o755);
    chmodSync(path, 0o666);
    const denied = `${DENIED} in the directory ${join(path, '..')}: its mode is 0755, its owner is uid ${OTHER}`;
    const refused = `CONFIG_WRITE Cannot write PATH: ${denied}`;
    const lockFile = `${path}.lock`;
    expect(await asUser(context, [path], [SET, SET_SYNC])).toEqual([refused, refused]);
    await setConfigValue(path, 'a', 1);
    // OTHER owns the lock file now. USER can lock it, but cannot make a temporary file.
    expect(statSync(lockFile).uid).toBe(OTHER);
    const makesDirectory = "setConfigValue(paths[0] + '.d/c.toml', 'a', 1)";
    expect(await asUser(context, [path], [SET, SET_SYNC, SET_SAME, makesDirectory])).toEqual([
      refused,
      refused,
      'done',
      `CONFIG_WRITE Cannot write PATH.d/c.toml: ${denied}`,
    ]);
    expect(readFileSync(path, 'utf8')).toBe('a = 1\n');
    expect(readdirSync(join(path, '..')).sort()).toEqual(['config.toml', 'config.toml.lock']);
  });

  test('cannot write a file in a sticky directory that another user owns, and learns why', async (context) => {
    requiresUsers(context);
    const path = configOf(OTHER, GROUP, 0o666);
    const directory = join(path, '..');
    chownSync(directory, OTHER, OTHER);
    chmodSync(directory, 0o1777);
    writeFileSync(`${path}.lock`, '', { mode: 0o666 });
    chmodSync(`${path}.lock`, 0o666);
    const why = `its directory ${directory} is sticky, so only the owner of the file or of the directory may replace it (EPERM)`;
    const refused = `CONFIG_WRITE Cannot write PATH: ${why}`;
    expect(await asUser(context, [path], [SET, SET_SYNC])).toEqual([refused, refused]);
    expect(readFileSync(path, 'utf8')).toBe('a = 1\n');
    expect(readdirSync(directory).sort()).toEqual(['config.toml', 'config.toml.lock']);
  });

  test('cannot write a config whose lock file it may not open, and learns which', async (context) => {
    requiresUsers(context);
    const path = configOf(OTHER, GROUP, 0o666);
    writeFileSync(`${path}.lock`, '', { mode: 0o600 });
    const why = `${DENIED} for its lock file ${path}.lock: its mode is 0600, its owner is uid 0`;
    const refused = `CONFIG_WRITE Cannot write PATH: ${why}`;
    const answers = await asUser(context, [path], [SET, SET_SYNC]);
    expect(answers.map((answer) => answer.replace('PATH.lock', `${path}.lock`))).toEqual([refused, refused]);
  });

  test('cannot replace a file whose owner would lose what an access control list gives to others', async (context) => {
    requiresUsers(context);
    const path = configOf(OTHER, FOREIGN, 0o644);
    runAttributeTool(context, 'setfacl', ['-m', `u:${USER}:rw`, path]);
    const why = 'access to the new file, because only root may give a file to another user (EPERM)';
    const refused = `CONFIG_WRITE Cannot write PATH: its owner (uid ${OTHER}) would lose ${why}`;
    expect(await asUser(context, [path], [SET, SET_SYNC])).toEqual([refused, refused]);
  });

  test('is the effective user, not the real one', async (context) => {
    requiresUsers(context);
    const path = configOf(OTHER, FOREIGN, 0o444);
    const child = Child.node(
      withPackage(`
        process.setegid(${USER});
        process.seteuid(${USER});
        console.log(await zjj.setConfigValue(${JSON.stringify(path)}, 'a', 2).catch(({ code }) => code));
        process.seteuid(0);
        console.log(await zjj.setConfigValue(${JSON.stringify(path)}, 'a', 3).catch(({ code }) => code));`),
    );
    expect([await child.line(), await child.line()]).toEqual(['CONFIG_WRITE', 'undefined']);
  });

  test('of the command gets exit status 3', async (context) => {
    requiresUsers(context);
    requires(context, ['setpriv']);
    const path = configOf(OTHER, FOREIGN, 0o444);
    const command = [process.execPath, join(root, 'dist/cli/main.js'), 'config', '--json', '-f', path, 'a'];
    const user = [`--reuid=${USER}`, `--regid=${USER}`, '--clear-groups'];
    const child = new Child('setpriv', [...user, ...command, '2']);
    expect(await child.exit()).toBe(3);
    expect(JSON.parse(child.stderr)).toMatchObject({ error: { code: 'CONFIG_WRITE' } });
  });

  test('creates a config below a directory that it may search but not read', async (context) => {
    requiresUsers(context);
    const directory = temporaryDirectory();
    const paths = ['one', 'two'].map((name) => join(directory, name, 'new', 'config.toml'));
    for (const name of ['one', 'two']) {
      mkdirSync(join(directory, name));
      chownSync(join(directory, name), USER, USER);
    }
    chmodSync(directory, 0o711);
    expect(await asUser(context, paths, [SET, SET_SYNC])).toEqual(['done', 'done']);
    for (const path of paths) expect(readFileSync(path, 'utf8')).toBe('a = 2\n');
  });

  test('can set a value after root did, and root after the user', async (context) => {
    requiresUsers(context);
    const path = configOf(USER, GROUP, 0o640);
    await setConfigValue(path, 'a', 3);
    expect(accessOf(path)).toEqual([USER, GROUP, '640']);
    expect(statSync(`${path}.lock`)).toMatchObject({ uid: USER, gid: GROUP });
    expect(await asUser(context, [path], [SET])).toEqual(['done']);
    setConfigValueSync(path, 'a', 4);
    expect(accessOf(path)).toEqual([USER, GROUP, '640']);
  });
});

/** Runs a command for access control lists or attributes. Skips the test if the file system does not support them. */
function runAttributeTool(context: TestContext, command: string, args: readonly string[]): string {
  if (process.platform !== 'linux') context.skip('these commands need Linux');
  requires(context, [command]);
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    return context.skip(`this file system does not support it: ${error}`);
  }
}

const listOf = (context: TestContext, path: string) => runAttributeTool(context, 'getfacl', ['-c', '-n', '-p', path]);

describe('an access control list', () => {
  test.for(FORMS)('survives a set, and so do user attributes: %s', async (form, context) => {
    const path = configPath();
    writeFileSync(path, 'a = 1\n');
    runAttributeTool(context, 'setfacl', ['-m', `u:${OTHER}:r,g:${GROUP}:rw,g::-`, path]);
    runAttributeTool(context, 'setfattr', ['-n', 'user.zjj', '-v', 'kept', path]);
    runAttributeTool(context, 'setfattr', ['-n', 'user.long', '-v', 'x'.repeat(1000), path]);
    const listed = listOf(context, path);
    await set(form, path, 2);
    expect(listOf(context, path)).toBe(listed);
    expect(runAttributeTool(context, 'getfattr', ['--only-values', '-n', 'user.zjj', path])).toBe('kept');
    expect(runAttributeTool(context, 'getfattr', ['--only-values', '-n', 'user.long', path])).toBe('x'.repeat(1000));
  });

  test('survives a set by a user who is not root', async (context) => {
    requiresUsers(context);
    const path = configOf(USER, GROUP, 0o640);
    runAttributeTool(context, 'setfacl', ['-m', `u:${OTHER}:r,g::-`, path]);
    const listed = listOf(context, path);
    expect(await asUser(context, [path], [SET])).toEqual(['done']);
    expect(listOf(context, path)).toBe(listed);
  });

  test.for(FORMS)(
    'that the directory sets by default gives nobody access to an existing config: %s',
    async (form, context) => {
      const path = configPath();
      writeFileSync(path, 'a = 1\n');
      chmodSync(path, 0o640);
      runAttributeTool(context, 'setfacl', ['-d', '-m', `u:${OTHER}:rw`, join(path, '..')]);
      await set(form, path, 2);
      expect(listOf(context, path).trim().split('\n')).toEqual(['user::rw-', 'group::r--', 'other::---']);
    },
  );

  test('that the directory sets by default applies to a new config', async (context) => {
    const path = configPath();
    runAttributeTool(context, 'setfacl', ['-d', '-m', `u:${OTHER}:rw`, join(path, '..')]);
    const plain = `${path}.plain`;
    writeFileSync(plain, '');
    await setConfigValue(path, 'a', 2);
    expect(listOf(context, path)).toBe(listOf(context, plain));
  });
});

describe.runIf(isRoot && isPosix)('root', () => {
  test.for(FORMS)('cannot write an immutable config, and learns why: %s', async (form, context) => {
    if (process.platform !== 'linux') context.skip('chattr(1) needs Linux');
    requires(context, ['chattr']);
    const path = configPath();
    writeFileSync(path, 'a = 1\n');
    const { status, stderr } = spawnSync('chattr', ['+i', path], { encoding: 'utf8' });
    if (status !== 0) context.skip(`this file system has no immutable files: ${stderr.trim()}`);
    try {
      const message = `Cannot write ${path}: it is immutable (EPERM)`;
      await expect(set(form, path, 2)).rejects.toMatchObject({ code: 'CONFIG_WRITE', message });
      expect(readdirSync(join(path, '..')).sort()).toEqual(['config.toml', 'config.toml.lock']);
    } finally {
      spawnSync('chattr', ['-i', path]);
    }
  });

  test.for(FORMS)('keeps owner and group, and leaves a lock file that the owner can write: %s', async (form) => {
    const path = configPath();
    writeFileSync(path, 'a = 1\n');
    chownSync(path, USER, GROUP);
    chmodSync(path, 0o2660);
    await set(form, path, 2);
    expect(accessOf(path)).toEqual([USER, GROUP, '2660']);
    expect(statSync(`${path}.lock`)).toMatchObject({ uid: USER, gid: GROUP });
  });
});
