import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryName } from '../../../src/config/file/sweep.js';
import { setConfigValue, setConfigValueSync } from '../../../src/index.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const FORMS = ['asynchronous', 'synchronous'] as const;

const configPath = (name = 'config.toml') => join(temporaryDirectory(), name);

async function set(form: (typeof FORMS)[number], path: string, value: number): Promise<void> {
  if (form === 'asynchronous') await setConfigValue(path, 'a', value);
  else setConfigValueSync(path, 'a', value);
}

describe('the first set of a process that finds no lock file', () => {
  test.for(FORMS)('removes what dead writers left: %s', async (form) => {
    const path = configPath();
    const left = [1, 2, 3].map(() => join(dirname(path), temporaryName(path)));
    for (const file of left) writeFileSync(file, 'a =');
    await set(form, path, 1);
    expect(readdirSync(dirname(path)).sort()).toEqual(['config.toml', 'config.toml.lock']);
  });

  test.for(FORMS)('removes nothing else: %s', async (form) => {
    const path = configPath();
    const directory = dirname(path);
    const files = [
      // mktemp .config.toml.XXXXXX.tmp, an editor, rsync, and zjj of another config.
      '.config.toml.k3J9aQ.tmp',
      '.config.toml.tmp',
      '.config.toml.swp',
      '.config.toml.zjj.tmp',
      '.config.toml.zjj-.tmp',
      '.config.toml.zjj-backup.tmp',
      '.config.toml.zjj-0123456789abcde.tmp',
      '.config.toml.zjj-0123456789abcdef0.tmp',
      '.config.toml.zjj-0123456789ABCDEF.tmp',
      '.config.toml.zjj-0123456789abcdef.tmp~',
      '.config.toml.local.zjj-0123456789abcdef.tmp',
      'config.toml.zjj-0123456789abcdef.tmp',
    ];
    for (const name of files) writeFileSync(join(directory, name), 'mine');
    const link = temporaryName(path);
    symlinkSync('elsewhere', join(directory, link));
    const folder = temporaryName(path);
    mkdirSync(join(directory, folder));
    await set(form, path, 1);
    expect(readdirSync(directory).sort()).toEqual([...files, link, folder, 'config.toml', 'config.toml.lock'].sort());
  });
});

describe.skipIf(process.platform === 'win32')('a config whose name is as long as that of its lock file allows', () => {
  const NAMES = {
    'of one byte a character': 'n'.repeat(250),
    'of two bytes a character': 'é'.repeat(125),
    'of four bytes a character, after one byte': `n${'😀'.repeat(62)}`,
  };

  test.for(Object.entries(NAMES))('can be set: %s', async ([, name]) => {
    for (const form of FORMS) {
      const path = configPath(name);
      writeFileSync(path, 'a = 1\n');
      await set(form, path, 2);
      await set(form, path, 3);
      expect(readFileSync(path, 'utf8')).toBe('a = 3\n');
      expect(readdirSync(dirname(path)).sort()).toEqual([name, `${name}.lock`].sort());
    }
  });

  test.for(Object.entries(NAMES))(
    'shares no temporary name with another of the same beginning: %s',
    async ([, name]) => {
      const path = configPath(name);
      const other = join(dirname(path), `${name.slice(0, -2)}xx`);
      const [mine, others] = [path, other].map((config) => join(dirname(path), temporaryName(config))) as [
        string,
        string,
      ];
      // Of the file systems in use, eCryptfs has the shortest names.
      for (const file of [mine, others]) expect(Buffer.byteLength(basename(file))).toBeLessThanOrEqual(143);
      for (const file of [mine, others]) writeFileSync(file, 'a =');
      await setConfigValue(path, 'a', 1);
      expect([existsSync(mine), existsSync(others)]).toEqual([false, true]);
      await setConfigValue(other, 'a', 1);
      expect(existsSync(others)).toBe(false);
    },
  );

  test('a name of one byte more is refused with CONFIG_WRITE, which says why', async () => {
    const path = configPath('n'.repeat(251));
    const refused = {
      code: 'CONFIG_WRITE',
      path,
      message: `Cannot write ${path}: the name of its lock file would be too long (ENAMETOOLONG)`,
    };
    await expect(setConfigValue(path, 'a', 1)).rejects.toMatchObject(refused);
    expect(() => setConfigValueSync(path, 'a', 1)).toThrow(expect.objectContaining(refused));
    expect(readdirSync(dirname(path))).toEqual([]);
  });
});
