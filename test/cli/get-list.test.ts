import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type CliOptions, runCli, temporaryDirectory, writeUserConfig } from './run-cli.js';

const stored = `port = 8080
name = "two words"
big = 9223372036854775807
ratio = 1.0
when = 2026-11-23T06:00:00Z
limits = [nan, inf, -inf]

[server]
host = "a"
[server.tls]
on = true

[[mirror]]
url = "b"
`;

function storedHome(text = stored): { home: string; config: string } {
  const home = temporaryDirectory();
  return { home, config: writeUserConfig(home, text) };
}

async function read(args: readonly string[], options: CliOptions): Promise<string> {
  const result = await runCli(['config', ...args], options);
  expect(result).toMatchObject({ exitCode: 0, stderr: '' });
  return result.stdout;
}

describe('list', () => {
  test('shows each value as TOML, and then the file', async () => {
    const { home, config } = storedHome();
    const text = await read([], { home });
    expect(text).toBe(
      [
        'port = 8080',
        'name = "two words"',
        'big = 9223372036854775807',
        'ratio = 1.0',
        'when = 2026-11-23T06:00:00Z',
        'limits = [nan, inf, -inf]',
        'server.host = "a"',
        'server.tls.on = true',
        'mirror = [{ url = "b" }]',
        '',
        `from ${config}`,
        '',
      ].join('\n'),
    );
    expect(await read(['list'], { home })).toBe(text);
  });

  test('prints one plain JSON object, with every digit of an integer', async () => {
    const { home } = storedHome();
    const text = await read(['--json'], { home });
    expect(text).toContain('"big": 9223372036854775807');
    expect(JSON.parse(text)).toEqual({
      port: 8080,
      name: 'two words',
      big: 9223372036854776000,
      ratio: 1,
      when: '2026-11-23T06:00:00Z',
      limits: ['nan', 'inf', '-inf'],
      server: { host: 'a', tls: { on: true } },
      mirror: [{ url: 'b' }],
    });
  });

  test('without a config prints an empty object, or that there is no such file', async () => {
    const home = temporaryDirectory();
    expect(await read(['--json'], { home })).toBe('{}\n');
    expect(await read([], { home })).toBe(`from ${join(home, 'config.toml')} (no such file)\n`);
  });

  test('of a prefix shows the values under it, with their full keys', async () => {
    const { home } = storedHome();
    expect(await read(['list', '-q', 'server'], { home })).toBe('server.host = "a"\nserver.tls.on = true\n');
    expect(JSON.parse(await read(['list', '--json', 'server.tls'], { home }))).toEqual({
      server: { tls: { on: true } },
    });
    expect(await read(['list', '--json', 'nope'], { home })).toBe('{}\n');
  });

  test("merges the project's values over the user's, and names both files", async () => {
    const { home, config } = storedHome('a = 1\n[t]\nx = 1\ny = 1\n');
    const project = join(home, 'work', '.zjj', 'config.toml');
    mkdirSync(join(home, 'work', '.zjj'), { recursive: true });
    writeFileSync(project, 'b = 2\n[t]\ny = 2\n');
    const options = { home, cwd: join(home, 'work') };
    expect(JSON.parse(await read(['--json'], options))).toEqual({ a: 1, t: { x: 1, y: 2 }, b: 2 });
    expect(await read([], options)).toMatch(`\nfrom ${config}\nfrom ${project}\n`);
    expect(JSON.parse(await read(['--json', '--global'], options))).toEqual({ a: 1, t: { x: 1, y: 1 } });
    expect(JSON.parse(await read(['--json', '--project'], options))).toEqual({ b: 2, t: { y: 2 } });
    expect(await read(['t.y'], options)).toBe('2\n');
  });
});

describe('get', () => {
  test('prints a string without quotes, and other values as TOML', async () => {
    const { home } = storedHome();
    expect(await read(['name'], { home })).toBe('two words\n');
    expect(await read(['get', 'port'], { home })).toBe('8080\n');
    expect(await read(['when'], { home })).toBe('2026-11-23T06:00:00Z\n');
    expect(await read(['limits'], { home })).toBe('[nan, inf, -inf]\n');
    expect(await read(['server'], { home })).toBe('server.host = "a"\nserver.tls.on = true\n');
  });

  test('prints any value as JSON', async () => {
    const { home } = storedHome();
    expect(await read(['--json', 'name'], { home })).toBe('"two words"\n');
    expect(await read(['--json', 'big'], { home })).toBe('9223372036854775807\n');
    expect(JSON.parse(await read(['--json', 'server'], { home }))).toEqual({ host: 'a', tls: { on: true } });
  });

  test('of a missing key exits with 1, and the error names the key', async () => {
    const { home } = storedHome();
    const message = "Config key 'server.nope' not found. Use 'zjj config' to see all keys.";
    expect(await runCli(['config', 'server.nope'], { home })).toEqual({
      exitCode: 1,
      signal: null,
      stdout: '',
      stderr: `Error: ${message}\n`,
    });
    const asJson = await runCli(['config', 'get', '--json', 'server.nope'], { home });
    expect(asJson).toMatchObject({ exitCode: 1, stdout: '' });
    expect(JSON.parse(asJson.stderr)).toEqual({ error: { code: 'KEY_NOT_FOUND', message } });
  });

  test('prints the default only if the key is missing', async () => {
    const { home } = storedHome();
    expect(await read(['get', 'nope', '--default', '-1'], { home })).toBe('-1\n');
    expect(await read(['get', 'port', '--default', '-1'], { home })).toBe('8080\n');
    expect(await read(['get', 'nope', '--default', '-1', '--json'], { home })).toBe('-1\n');
    expect(await read(['get', 'nope', '--default', 'none', '--json'], { home })).toBe('"none"\n');
  });

  test('finds keys that are also command names or properties of Object.prototype', async () => {
    const { home } = storedHome('list = 1\n__proto__ = 2\n');
    expect(await read(['get', 'list'], { home })).toBe('1\n');
    expect(await read(['__proto__'], { home })).toBe('2\n');
    expect((await runCli(['config', 'constructor'], { home })).exitCode).toBe(1);
  });
});
