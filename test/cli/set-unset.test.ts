import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type CliOptions, cli, runCli, temporaryDirectory, writeUserConfig } from './run-cli.js';

function emptyHome(): { home: string; config: string } {
  const home = temporaryDirectory();
  return { home, config: join(home, 'config.toml') };
}

async function succeed(args: readonly string[], options: CliOptions): Promise<string> {
  const result = await runCli(['config', ...args], options);
  expect(result).toMatchObject({ exitCode: 0, stderr: '' });
  return result.stdout;
}

describe('set', () => {
  test('creates the file, and reports what was set and where', async () => {
    const { home, config } = emptyHome();
    expect(await succeed(['test_key_1', 'value_1'], { home })).toBe(
      '✓ Set test_key_1 = value_1\n  (in global config)\n',
    );
    expect(readFileSync(config, 'utf8')).toBe('test_key_1 = "value_1"\n');
  });

  test('keeps comments, layout and line endings', async () => {
    const { home, config } = emptyHome();
    writeUserConfig(home, '# mine\r\nport   = 80 # http\r\n\r\n[a]\r\nb = 1');
    await succeed(['port', '8080'], { home });
    expect(readFileSync(config, 'utf8')).toBe('# mine\r\nport   = 8080 # http\r\n\r\n[a]\r\nb = 1');
  });

  test('reads TOML values, and anything else as a string', async () => {
    const { home } = emptyHome();
    const values = ['t=true', 'i=8080', 'f=1.5', 'd=2026-11-23', 'a=[1, 2]', 's=plain text', 'q="8080"', 'm=-5'];
    await succeed(['set', ...values, 'p={x = 1}', 'e=', 'w=a=b'], { home });
    expect(JSON.parse(await succeed(['--json'], { home }))).toEqual({
      t: true,
      i: 8080,
      f: 1.5,
      d: '2026-11-23',
      a: [1, 2],
      s: 'plain text',
      q: '8080',
      m: -5,
      p: { x: 1 },
      e: '',
      w: 'a=b',
    });
  });

  test('reads a negative number as a value, not as an option', async () => {
    const { home } = emptyHome();
    expect(await succeed(['offset', '-5'], { home })).toContain('✓ Set offset = -5\n');
    expect(await succeed(['set', 'low', '-inf'], { home })).toContain('✓ Set low = -inf\n');
    expect(await succeed(['--', 'flag', '-x'], { home })).toContain('✓ Set flag = -x\n');
    expect(JSON.parse(await succeed(['--json'], { home }))).toEqual({ offset: -5, low: '-inf', flag: '-x' });
  });

  test('reads a value as the type in --type', async () => {
    const { home, config } = emptyHome();
    await succeed(['--type', 'string', 'port', '8080'], { home });
    await succeed(['--type', 'float', 'ratio', '2'], { home });
    await succeed(['--type', 'toml', 'mask', '0xff'], { home });
    expect(readFileSync(config, 'utf8')).toBe('port = "8080"\nratio = 2.0\nmask = 0xff\n');
  });

  test('splits KEY=VALUE at the first = outside quotes', async () => {
    const { home, config } = emptyHome();
    const output = await succeed(['set', '"a=b".c=1', "'d=e'=f=g"], { home });
    expect(output).toBe('✓ Set "a=b".c = 1\n✓ Set "d=e" = f=g\n  (in global config)\n');
    expect(JSON.parse(await succeed(['--json'], { home }))).toEqual({ 'a=b': { c: 1 }, 'd=e': 'f=g' });
    await succeed(['set', '"x=y"', '1'], { home });
    expect(readFileSync(config, 'utf8')).toContain('"x=y" = 1');
  });

  test('reads the value from standard input without its last line break', async () => {
    const { home } = emptyHome();
    await succeed(['set', 'token', '-', '--type', 'string'], { home, input: 'line 1\nline 2\n\n' });
    await succeed(['set', 'port', '-'], { home, input: '8080\r\n' });
    await succeed(['set', 'dash=-'], { home, input: 'unread' });
    expect(JSON.parse(await succeed(['--json'], { home }))).toEqual({
      token: 'line 1\nline 2\n',
      port: 8080,
      dash: '-',
    });
  });

  test('refuses standard input that is not UTF-8', async () => {
    const { home, config } = emptyHome();
    const result = await runCli(['config', 'set', 'token', '-'], { home, input: Buffer.from([0xff]) });
    expect(result).toMatchObject({ exitCode: 1, stdout: '' });
    expect(existsSync(config)).toBe(false);
  });

  test('reports a value with control characters in quotes and escaped', async () => {
    const { home } = emptyHome();
    expect(await succeed(['--type', 'string', 'k', 'a\x1b[31m\nb'], { home })).toBe(
      '✓ Set k = "a\\u001B[31m\\nb"\n  (in global config)\n',
    );
  });

  test('prints one JSON object for each key with --json', async () => {
    const { home, config } = emptyHome();
    const lines = (await succeed(['--json', 'set', 'a.b=1', 'c=x'], { home })).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { key: 'a.b', value: 1, path: config },
      { key: 'c', value: 'x', path: config },
    ]);
  });

  test('changes nothing if standard input cannot be read', () => {
    const { home, config } = emptyHome();
    writeUserConfig(home, 'a = 1\n');
    const directory = openSync(home, 'r');
    const { status, stderr } = spawnSync(process.execPath, [cli, 'config', 'a', '-'], {
      cwd: home,
      env: { HOME: home },
      stdio: [directory, 'pipe', 'pipe'],
      encoding: 'utf8',
    });
    closeSync(directory);
    expect([status, stderr]).toEqual([3, expect.stringContaining('EISDIR')]);
    expect(readFileSync(config, 'utf8')).toBe('a = 1\n');
  });

  test('prints nothing with --quiet', async () => {
    const { home } = emptyHome();
    expect(await succeed(['-q', 'a', '1'], { home })).toBe('');
  });

  test('shows the change with --dry-run, and creates no file', async () => {
    const { home, config } = emptyHome();
    expect(await succeed(['set', '--dry-run', 'a', '1'], { home })).toBe('Would set a = 1\n  (in global config)\n');
    expect(existsSync(config) || existsSync(`${config}.lock`)).toBe(false);
    writeUserConfig(home, 'a = 1\n');
    const conflict = await runCli(['config', 'set', '--dry-run', 'a.b', '1'], { home });
    expect(conflict).toMatchObject({ exitCode: 1, stdout: '' });
  });
});

describe('unset', () => {
  test('removes keys, and reports which and where', async () => {
    const { home, config } = emptyHome();
    writeUserConfig(home, 'a = 1\nb = 2\n[c]\nd = 3\n');
    expect(await succeed(['unset', 'a', 'c.d'], { home })).toBe('✓ Unset a\n✓ Unset c.d\n  (in global config)\n');
    expect(readFileSync(config, 'utf8')).toBe('b = 2\n[c]\n');
  });

  test('removes none of the keys if one does not exist', async () => {
    const { home, config } = emptyHome();
    writeUserConfig(home, 'a = 1\n');
    expect(await runCli(['config', 'unset', 'a', 'nope'], { home })).toEqual({
      exitCode: 1,
      signal: null,
      stdout: '',
      stderr: "Error: Config key 'nope' not found. Use 'zjj config' to see all keys.\n",
    });
    expect(readFileSync(config, 'utf8')).toBe('a = 1\n');
  });

  test('creates nothing if there is no config', async () => {
    const { home } = emptyHome();
    expect(await runCli(['config', '--project', 'unset', 'a'], { home })).toMatchObject({ exitCode: 1 });
    expect(readdirSync(home)).toEqual([]);
  });

  test('of a key in another file names that file', async () => {
    const { home, config } = emptyHome();
    writeUserConfig(home, 'a = 1\n');
    mkdirSync(join(home, 'p', '.zjj'), { recursive: true });
    writeFileSync(join(home, 'p', '.zjj', 'config.toml'), 'b = 1\n');
    const { exitCode, stderr } = await runCli(['config', 'unset', 'a'], { home, cwd: join(home, 'p') });
    expect([exitCode, stderr]).toEqual([
      1,
      `Error: Config key 'a' not found in ${join(home, 'p', '.zjj', 'config.toml')}. It is set in ${config}: use --file or --global to change it there.\n`,
    ]);
  });

  test('prints a JSON object with --json', async () => {
    const { home, config } = emptyHome();
    writeUserConfig(home, 'a = 1\n');
    expect(JSON.parse(await succeed(['unset', '--json', 'a'], { home }))).toEqual({ key: 'a', path: config });
  });

  test('shows the change with --dry-run, and removes nothing', async () => {
    const { home, config } = emptyHome();
    writeUserConfig(home, 'a = 1\n');
    expect(await succeed(['unset', '--dry-run', 'a'], { home })).toBe('Would unset a\n  (in global config)\n');
    expect(readFileSync(config, 'utf8')).toBe('a = 1\n');
    const missing = await runCli(['config', 'unset', '--dry-run', 'b'], { home });
    expect(missing).toMatchObject({ exitCode: 1, stdout: '' });
  });
});
