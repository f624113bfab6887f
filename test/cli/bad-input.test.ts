import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  type CliOptions,
  type CliResult,
  markAsOurs,
  requiresUnprivileged,
  runCli,
  temporaryDirectory,
  writeUserConfig,
} from './run-cli.js';

const original = `# by hand
port = 8080
[server]
host = "a"
[[mirror]]
url = "b"
`;

function configHome(text: string | Buffer = original): { home: string; config: string } {
  const home = temporaryDirectory();
  return { home, config: writeUserConfig(home, text) };
}

/** Runs the command twice, with text and with JSON output. Checks that both report the same error, and returns it. */
async function failure(args: readonly string[], options: CliOptions) {
  const asText = await runCli(args, options);
  const asJson = await runCli([...args.slice(0, 1), '--json', ...args.slice(1)], options);
  expect(asText.stdout + asJson.stdout).toBe('');
  expect(asJson.exitCode).toBe(asText.exitCode);
  const { error } = parseError(asJson);
  expect(asText.stderr).toBe(`Error: ${error.message}\n`);
  return { exitCode: asText.exitCode, code: error.code, message: error.message };
}

function parseError({ stderr }: CliResult): { error: { code: string; message: string } } {
  return JSON.parse(stderr) as { error: { code: string; message: string } };
}

describe('an invalid key or value is refused, and the file stays as it was', () => {
  test.for([
    ['an empty key', ['', '1'], 'INVALID_KEY'],
    ['an empty part', ['a..b', '1'], 'INVALID_KEY'],
    ['an unclosed quote', ['"a', '1'], 'INVALID_KEY'],
    ['a key with = in it', ['a=1', '2'], 'INVALID_KEY'],
    ['a key through a scalar', ['port.number', '1'], 'KEY_CONFLICT'],
    ['a key over a table', ['server', '1'], 'KEY_CONFLICT'],
    ['a key into an array of tables', ['mirror.url', '"c"'], 'KEY_CONFLICT'],
    ['an unclosed array', ['hosts', '[broken'], 'INVALID_VALUE'],
    ['an integer beyond 64 bits', ['big', '9223372036854775808'], 'INVALID_VALUE'],
    ['a value that does not have the type in --type', ['n', 'four', '--type', 'integer'], 'INVALID_VALUE'],
  ] as const)('%s', async ([, args, code]) => {
    const { home, config } = configHome();
    expect(await failure(['config', ...args], { home })).toMatchObject({ exitCode: 1, code });
    expect(readFileSync(config, 'utf8')).toBe(original);
  });

  test('one invalid key among several sets none of them', async () => {
    const { home, config } = configHome();
    const result = await failure(['config', 'set', 'a=1', 'port.number=2'], { home });
    expect(result).toMatchObject({ exitCode: 1, code: 'KEY_CONFLICT' });
    expect(readFileSync(config, 'utf8')).toBe(original);
  });
});

describe.for([
  ['get', ['config', 'port'], 'CONFIG_READ'],
  ['list', ['config', 'list'], 'CONFIG_READ'],
  ['set', ['config', 'port', '1'], 'CONFIG_WRITE'],
  ['unset', ['config', 'unset', 'port'], 'CONFIG_WRITE'],
] as const)('%s', ([, args, noPermission]) => {
  test('names the line and column of a config that is not TOML', async () => {
    const { home, config } = configHome('a = 1\nb = = 2\n');
    const result = await failure(args, { home });
    expect(result).toMatchObject({ exitCode: 1, code: 'CONFIG_PARSE' });
    expect(result.message).toContain(`${config}:2:5`);
    expect(readFileSync(config, 'utf8')).toBe('a = 1\nb = = 2\n');
  });

  test('refuses a config that is not UTF-8', async () => {
    const bytes = Buffer.from([0x61, 0x3d, 0x22, 0xff, 0x22, 0x0a]);
    const { home, config } = configHome(bytes);
    const result = await failure(args, { home });
    expect(result).toMatchObject({ exitCode: 1, code: 'CONFIG_ENCODING' });
    expect(result.message).toContain(`${config}:1:4: not UTF-8`);
    expect(readFileSync(config)).toEqual(bytes);
  });

  test('refuses a directory', async () => {
    const home = temporaryDirectory();
    mkdirSync(join(home, 'config.toml'));
    markAsOurs(join(home, 'config.toml'));
    expect(await failure(args, { home })).toMatchObject({ exitCode: 3, code: 'CONFIG_READ' });
  });

  test.skipIf(process.platform === 'win32')(
    'refuses a FIFO without waiting for a writer (not on Windows)',
    async () => {
      const home = temporaryDirectory();
      execFileSync('mkfifo', [join(home, 'config.toml')]);
      markAsOurs(join(home, 'config.toml'));
      expect(await failure(args, { home })).toMatchObject({ exitCode: 3, code: 'CONFIG_READ' });
    },
  );

  test('refuses a config that it has no permission to read', async (context) => {
    requiresUnprivileged(context);
    const { home, config } = configHome();
    chmodSync(config, 0o000);
    expect(await failure(args, { home, isUnprivileged: true })).toMatchObject({
      exitCode: 3,
      code: noPermission,
    });
    chmodSync(config, 0o600);
    expect(readFileSync(config, 'utf8')).toBe(original);
  });
});

describe('a path that cannot be written or locked is an I/O error', () => {
  test('a read-only directory', async (context) => {
    requiresUnprivileged(context);
    const { home, config } = configHome();
    chmodSync(home, 0o555);
    expect(await failure(['config', 'port', '1'], { home, isUnprivileged: true })).toMatchObject({
      exitCode: 3,
    });
    expect(readFileSync(config, 'utf8')).toBe(original);
    chmodSync(home, 0o755);
  });

  test('a file in place of the directory', async () => {
    const { home, config } = configHome();
    const args = ['config', '--file', join(config, 'inner.toml'), 'port', '1'];
    expect(await failure(args, { home })).toMatchObject({ exitCode: 3 });
    expect(readFileSync(config, 'utf8')).toBe(original);
  });

  test.for([
    ['a directory', (path: string) => mkdirSync(path)],
    ['a symbolic link', (path: string) => symlinkSync('elsewhere', path)],
    ['a FIFO', (path: string) => execFileSync('mkfifo', [path])],
  ] as const)('a lock file that is %s', async ([kind, make], { skip }) => {
    skip(kind !== 'a directory' && process.platform === 'win32');
    const { home, config } = configHome();
    rmSync(`${config}.lock`);
    make(`${config}.lock`);
    for (const args of [
      ['config', '--file', config, 'port', '1'],
      ['config', '--file', config, 'unset', 'port'],
    ]) {
      expect(await failure(args, { home })).toMatchObject({ exitCode: 3, code: 'LOCK_FILE_INVALID' });
    }
    expect(readFileSync(config, 'utf8')).toBe(original);
  });
});
