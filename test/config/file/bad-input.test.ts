import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, type TestContext, test } from 'vitest';
import {
  ConfigStore,
  getConfigValue,
  type Key,
  readConfig,
  setConfigValue,
  setConfigValueSync,
  type TomlInput,
} from '../../../src/index.js';
import { withPackage } from '../../support/package/dist.js';
import { Child } from '../../support/process/child.js';
import { hasCommand } from '../../support/requires/commands.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const bytesOf = (text: string) => [...Buffer.from(text)];
const isWindows = process.platform === 'win32';
const text = '# comment\nscalar = 1\n[table]\nx = 1\n[[array]]\ny = 1\n';

function config(content: string | Uint8Array = text): string {
  const path = join(temporaryDirectory(), 'config.toml');
  writeFileSync(path, content);
  return path;
}

describe('a set fails with the right code and leaves the file alone, given', () => {
  test.each<[string, Key, TomlInput, string]>([
    ['an empty key', '', 1, 'INVALID_KEY'],
    ['an empty part', 'a..b', 1, 'INVALID_KEY'],
    ['an unclosed quote', 'a."b', 1, 'INVALID_KEY'],
    ['a key below a scalar', 'scalar.x', 1, 'KEY_CONFLICT'],
    ['the key of a table', 'table', 1, 'KEY_CONFLICT'],
    ['a key below an array of tables', 'array.y', 1, 'KEY_CONFLICT'],
    ['an integer beyond 64 bits', 'x', 2n ** 64n, 'INVALID_VALUE'],
    ['null', 'x', null as unknown as TomlInput, 'INVALID_VALUE'],
    ['undefined', 'x', undefined as unknown as TomlInput, 'INVALID_VALUE'],
    ['a function', 'x', (() => 1) as unknown as TomlInput, 'INVALID_VALUE'],
    ['an invalid date', 'x', new Date(Number.NaN), 'INVALID_VALUE'],
    ['a lone surrogate', 'x', '\ud800', 'INVALID_VALUE'],
  ])('%s', async (_, key, value, code) => {
    const path = config();
    await expect(setConfigValue(path, key, value)).rejects.toMatchObject({ name: 'ZjjError', code });
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  test('a config that is not TOML, whose error names the line', async () => {
    const path = config('a = 1\nb = = 2\n');
    const expected = { code: 'CONFIG_PARSE', name: 'ConfigParseError', path, line: 2 };
    await expect(setConfigValue(path, 'a', 2)).rejects.toMatchObject(expected);
    await expect(readConfig(path)).rejects.toMatchObject(expected);
    await expect(readConfig(path)).rejects.toThrow(`${path}:2:`);
    expect(readFileSync(path, 'utf8')).toBe('a = 1\nb = = 2\n');
  });

  test.for<[string, number[], number, number]>([
    ['in the first line', [...bytesOf('a="'), 0xff, ...bytesOf('"\n')], 1, 4],
    ['in the first byte', [0xff], 1, 1],
    ['after a BOM and characters of two code units', [...bytesOf('\uFEFF# é😀'), 0xc0, 0x80], 1, 6],
    ['in a later line', [...bytesOf('a = 1\r\nb = "é'), 0x80, ...bytesOf('"\n')], 2, 7],
    // The position of a character that is not complete is that of its first byte.
    ['in the middle of a character', [...bytesOf('# x\n# '), 0xe2, 0x82, 0x41], 2, 3],
    ['at the end', [...bytesOf('# x\n# '), 0xe2, 0x82], 2, 3],
    ['after a replacement character that is in the text', [...bytesOf('# \uFFFD'), 0xff], 1, 4],
  ])('a config that is not UTF-8 %s, whose error has line and column', async ([, content, line, column]) => {
    const bytes = Buffer.from(content);
    const path = config(bytes);
    const message = `${path}:${line}:${column}: not UTF-8`;
    const expected = { code: 'CONFIG_ENCODING', name: 'ConfigEncodingError', path, line, column, message };
    await expect(setConfigValue(path, 'a', 2)).rejects.toMatchObject(expected);
    expect(() => setConfigValueSync(path, 'a', 2)).toThrow(expect.objectContaining(expected));
    await expect(readConfig(path)).rejects.toMatchObject(expected);
    expect(readFileSync(path)).toEqual(bytes);
  });

  test.skipIf(isWindows)('a directory or a FIFO in place of the config (POSIX)', async () => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, 'd'));
    spawnSync('mkfifo', [join(directory, 'f')]);
    for (const name of ['d', 'f']) {
      await expect(setConfigValue(join(directory, name), 'a', 1)).rejects.toMatchObject({ code: 'CONFIG_READ' });
      await expect(getConfigValue(join(directory, name), 'a')).rejects.toMatchObject({ code: 'CONFIG_READ' });
    }
    expect(readdirSync(directory).sort()).toEqual(['d', 'f']);
  });

  test.skipIf(isWindows)('/dev/null, under any name, which reads as empty (POSIX)', async (context) => {
    expect([await readConfig('/dev/null'), await getConfigValue('/dev/null', 'a')]).toEqual([{}, undefined]);
    const directory = temporaryDirectory();
    let device = '/dev/null';
    if (process.geteuid?.() === 0) {
      // Another node of the device: root must not lose /dev/null if this test fails.
      device = join(directory, 'null');
      const { status } = spawnSync('mknod', [device, 'c', '1', '3']);
      if (process.platform !== 'linux' || status !== 0) context.skip('root may not make a device here');
    }
    const link = join(directory, 'config.toml');
    symlinkSync(device, link);
    for (const path of [device, link]) {
      expect(await readConfig(path)).toEqual({});
      const refused = { code: 'CONFIG_WRITE', message: `Cannot write ${device}: it is not a regular file` };
      await expect(setConfigValue(path, 'a', 1)).rejects.toMatchObject(refused);
      expect(() => setConfigValueSync(path, 'a', 1)).toThrow(expect.objectContaining(refused));
    }
    expect(statSync(device).isCharacterDevice()).toBe(true);
    expect([existsSync(`${device}.lock`), existsSync(`${link}.lock`)]).toEqual([false, false]);
    // Other devices are no configs.
    await expect(readConfig('/dev/zero')).rejects.toMatchObject({ code: 'CONFIG_READ' });
  });

  test('a path that ends in a slash', async () => {
    const path = `${join(temporaryDirectory(), 'new')}/`;
    await expect(setConfigValue(path, 'a', 1)).rejects.toMatchObject({ code: 'CONFIG_READ' });
    expect(existsSync(path.slice(0, -1))).toBe(false);
  });

  test('a path that is empty, contains a NUL byte, or is no path', async () => {
    for (const path of ['', 'a\0b', 'file:///x/c.toml', 'https://host/c.toml', '~/c.toml']) {
      await expect(setConfigValue(path, 'a', 1)).rejects.toMatchObject({ code: 'CONFIG_READ' });
      await expect(readConfig(path)).rejects.toMatchObject({ code: 'CONFIG_READ' });
      expect(() => new ConfigStore(path)).toThrow(expect.objectContaining({ code: 'CONFIG_READ' }));
    }
  });

  test.skipIf(process.platform !== 'linux')('a directory that cannot be created (Linux)', async () => {
    await expect(setConfigValue('/proc/no/where/config.toml', 'a', 1)).rejects.toMatchObject({ code: 'CONFIG_WRITE' });
  });

  // Windows has no FIFOs, and few users may make symbolic links there.
  const others = isWindows ? [] : ['a FIFO', 'a symbolic link'];
  test.each(['a directory', ...others])('%s in place of the lock file', async (obstacle) => {
    const path = config();
    if (obstacle === 'a directory') mkdirSync(`${path}.lock`);
    else if (obstacle === 'a FIFO') spawnSync('mkfifo', [`${path}.lock`]);
    else symlinkSync('elsewhere', `${path}.lock`);
    await expect(setConfigValue(path, 'scalar', 2)).rejects.toMatchObject({ code: 'LOCK_FILE_INVALID' });
    expect(readFileSync(path, 'utf8')).toBe(text);
  });
});

describe.skipIf(isWindows)('an ordinary user (POSIX)', () => {
  /** Runs calls as an ordinary user and returns their codes. Root becomes nobody, because root may do everything. */
  async function codesAsNobody(path: string, context: TestContext): Promise<string[]> {
    if (process.geteuid?.() === 0 && !hasCommand('setpriv')) {
      context.skip('setpriv is not installed, so root cannot switch to another user');
    }
    const script = withPackage(`
      const code = (promise) => promise.then(() => 'done', (error) => error.code);
      console.log(await code(zjj.readConfig(${JSON.stringify(path)})));
      console.log(await code(zjj.setConfigValue(${JSON.stringify(path)}, 'scalar', 2)));`);
    const child =
      process.geteuid?.() === 0
        ? new Child('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, ...script])
        : Child.node(script);
    return [await child.line(), await child.line()];
  }

  function openDirectory(): string {
    const directory = mkdtempSync(join(tmpdir(), 'zjj-test-'));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    chmodSync(directory, 0o777);
    return directory;
  }

  test('cannot read a config without read permission', async (context) => {
    const path = join(openDirectory(), 'config.toml');
    writeFileSync(path, text);
    chmodSync(path, 0);
    expect(await codesAsNobody(path, context)).toEqual(['CONFIG_READ', 'CONFIG_WRITE']);
    expect(readdirSync(join(path, '..')).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  test('cannot write in a directory without write permission', async (context) => {
    const directory = openDirectory();
    const path = join(directory, 'config.toml');
    writeFileSync(path, text);
    chmodSync(directory, 0o555);
    expect(await codesAsNobody(path, context)).toEqual(['done', 'CONFIG_WRITE']);
    chmodSync(directory, 0o777);
    writeFileSync(`${path}.lock`, '');
    chmodSync(directory, 0o555);
    expect(await codesAsNobody(path, context)).toEqual(['done', 'CONFIG_WRITE']);
    expect(readFileSync(path, 'utf8')).toBe(text);
    chmodSync(directory, 0o777);
  });
});
