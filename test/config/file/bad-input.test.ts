import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, type TestContext, test } from 'vitest';
import { getConfigValue, type Key, readConfig, setConfigValue, type TomlInput } from '../../../src/index.js';
import { withPackage } from '../../support/package/dist.js';
import { Child } from '../../support/process/child.js';
import { hasCommand } from '../../support/requires/commands.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

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

  test('a config that is not UTF-8', async () => {
    const bytes = Buffer.from([0x61, 0x3d, 0x22, 0xff, 0x22, 0x0a]);
    const path = config(bytes);
    await expect(setConfigValue(path, 'a', 2)).rejects.toMatchObject({ code: 'CONFIG_ENCODING', path });
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

  test('a path that ends in a slash', async () => {
    const path = `${join(temporaryDirectory(), 'new')}/`;
    await expect(setConfigValue(path, 'a', 1)).rejects.toMatchObject({ code: 'CONFIG_READ' });
    expect(existsSync(path.slice(0, -1))).toBe(false);
  });

  test('a path that is empty or contains a NUL byte', async () => {
    for (const path of ['', 'a\0b']) {
      await expect(setConfigValue(path, 'a', 1)).rejects.toMatchObject({ code: 'CONFIG_READ' });
      await expect(readConfig(path)).rejects.toMatchObject({ code: 'CONFIG_READ' });
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
