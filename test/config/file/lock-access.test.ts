import { chmodSync, chownSync, existsSync, linkSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryName } from '../../../src/config/file/sweep.js';
import { setConfigValue, setConfigValueSync } from '../../../src/index.js';
import { asUser, configOf, FOREIGN, GROUP, OTHER, requiresUsers, USER } from '../../support/process/as-user.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

// The lock file keeps nobody out whom the config lets in, and lets nobody in whom the config keeps out.

const FORMS = ['asynchronous', 'synchronous'] as const;
const SET = "setConfigValue(paths[0], 'a', 2)";
const SETS = [SET, "setConfigValueSync(paths[0], 'a', 3)"];
const SET_SAME = "setConfigValue(paths[0], 'a', 1)";

/** Owner, group and mode. */
type Access = readonly [number, number, number];

const accessOf = (path: string) => {
  const { uid, gid, mode } = statSync(path);
  return [uid, gid, (mode & 0o7777).toString(8)];
};

/** A config that USER and others may write, in a directory that everybody may write. */
function sharedConfig(owner: number, group: number, mode: number): string {
  const path = configOf(owner, group, mode);
  chmodSync(dirname(path), 0o777);
  return path;
}

/** Leaves a lock file with some access. It is empty, as flock(1) leaves it, unless a text is given. */
function lockFileOf(path: string, owner: number, group: number, mode: number, text = ''): string {
  const lockFile = `${path}.lock`;
  writeFileSync(lockFile, text);
  chownSync(lockFile, owner, group);
  chmodSync(lockFile, mode);
  return lockFile;
}

describe('a lock file', () => {
  test('that is made under umask 077 beside a config of a group lets the group in', async (context) => {
    requiresUsers(context);
    const path = sharedConfig(USER, GROUP, 0o664);
    expect(await asUser(context, [path], [SET], { umask: 0o077 })).toEqual(['done']);
    expect(accessOf(`${path}.lock`)).toEqual([USER, GROUP, '664']);
    expect(await asUser(context, [path], SETS, { user: OTHER, groups: [GROUP] })).toEqual(['done', 'done']);
  });

  test.for<{ how: string; config: Access; lock: Access; becomes: unknown[] }>([
    {
      how: 'narrow and its user’s',
      config: [USER, GROUP, 0o664],
      lock: [USER, USER, 0o600],
      becomes: [USER, GROUP, '664'],
    },
    { how: 'of the group', config: [USER, GROUP, 0o640], lock: [USER, GROUP, 0o600], becomes: [USER, GROUP, '640'] },
    { how: 'wide enough', config: [USER, USER, 0o600], lock: [USER, USER, 0o644], becomes: [USER, USER, '644'] },
    { how: 'executable', config: [USER, USER, 0o755], lock: [USER, USER, 0o600], becomes: [USER, USER, '644'] },
    // What GROUP had is not for the group of the config.
    { how: 'of another group', config: [USER, USER, 0o600], lock: [USER, GROUP, 0o660], becomes: [USER, USER, '600'] },
    {
      how: 'another user’s',
      config: [OTHER, GROUP, 0o666],
      lock: [OTHER, OTHER, 0o644],
      becomes: [OTHER, OTHER, '644'],
    },
  ])('that is $how: $lock beside $config becomes $becomes', async ({ config, lock, becomes }, context) => {
    requiresUsers(context);
    for (const call of [SET, SETS[1] as string, SET_SAME]) {
      const path = sharedConfig(...config);
      const lockFile = lockFileOf(path, ...lock);
      expect(await asUser(context, [path], [call])).toEqual(['done']);
      expect(accessOf(lockFile)).toEqual(becomes);
    }
  });

  test('whose group cannot be that of the config gives its group only what others have', async (context) => {
    requiresUsers(context);
    const path = sharedConfig(USER, FOREIGN, 0o664);
    const lockFile = lockFileOf(path, USER, USER, 0o600);
    expect(await asUser(context, [path], [SET_SAME])).toEqual(['done']);
    expect(accessOf(lockFile)).toEqual([USER, USER, '644']);
  });

  test.for(FORMS)('that root made goes to the owner of the config: %s', async (form, context) => {
    requiresUsers(context);
    const path = sharedConfig(USER, GROUP, 0o660);
    const lockFile = lockFileOf(path, 0, 0, 0o600);
    if (form === 'asynchronous') await setConfigValue(path, 'a', 2);
    else setConfigValueSync(path, 'a', 2);
    expect(accessOf(lockFile)).toEqual([USER, GROUP, '660']);
  });

  test.for(['another name', 'data'])(
    'that may be somebody’s file keeps its access: it has %s',
    async (what, context) => {
      requiresUsers(context);
      const path = sharedConfig(USER, USER, 0o666);
      const secret = join(temporaryDirectory(), 'secret');
      const text = what === 'data' ? 'secret' : '';
      writeFileSync(secret, text, { mode: 0o600 });
      if (what === 'data') lockFileOf(path, 0, 0, 0o600, text);
      else linkSync(secret, `${path}.lock`);
      await setConfigValue(path, 'a', 2);
      setConfigValueSync(path, 'a', 3);
      expect(readFileSync(path, 'utf8')).toBe('a = 3\n');
      expect(accessOf(`${path}.lock`)).toEqual([0, 0, '600']);
    },
  );

  test('that some writers could only read makes the next writer sweep', async (context) => {
    requiresUsers(context);
    const path = sharedConfig(0, 0, 0o666);
    await setConfigValue(path, 'a', 2);
    chmodSync(`${path}.lock`, 0o644);
    // A writer that was killed. The clean mark in the lock file is from the one before.
    const left = join(dirname(path), temporaryName(path));
    writeFileSync(left, 'a =');
    await setConfigValue(path, 'a', 3);
    expect(existsSync(left)).toBe(false);
    expect(accessOf(`${path}.lock`)).toEqual([0, 0, '666']);
  });
});
