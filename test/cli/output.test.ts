import { spawn } from 'node:child_process';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli, resultOf, runCli, startCli, temporaryDirectory, writeUserConfig } from './run-cli.js';

const isPosix = process.platform !== 'win32';

describe('control characters are never printed raw', () => {
  const red = '\u001b[31m';

  test('from a value', async () => {
    const home = temporaryDirectory();
    writeUserConfig(home, 'k = "a\\u001B[31m\\n\\u009B\\u202E\\u007F"\n');
    const shown = await runCli(['config', 'k'], { home });
    expect(shown.stdout).toBe('a\\u001B[31m\\n\\u009B\\u202E\\u007F\n');
    const asJson = await runCli(['config', '--json'], { home });
    expect(asJson.stdout).toMatch(/^[\x20-\x7e\n]+$/);
    expect(JSON.parse(asJson.stdout)).toEqual({ k: 'a\u001b[31m\n\u009b\u202e\u007f' });
  });

  test('from a key', async () => {
    const home = temporaryDirectory();
    writeUserConfig(home, '"a\\u001B[31m\\n" = 1\n');
    for (const args of [['config'], ['config', '--json'], ['config', `'${red}'`], ['config', `a${red}`]]) {
      const { stdout, stderr } = await runCli(args, { home });
      expect(stdout + stderr).not.toContain('\u001b');
    }
  });

  test.runIf(isPosix)('from a path (not on Windows)', async () => {
    const home = temporaryDirectory();
    const file = join(home, `${red}\n.toml`);
    for (const args of [['path'], ['path', '--json'], ['list'], ['a', '1'], ['a.b', '1'], ['a', '1', '--json']]) {
      const { stdout, stderr } = await runCli(['config', '-f', file, ...args], { home });
      expect(stdout + stderr).not.toContain('\u001b');
    }
  });

  test('from an argument', async () => {
    const { stderr } = await runCli([red], { home: temporaryDirectory() });
    expect(stderr).not.toContain('\u001b');
  });
});

describe('color', () => {
  test.for([
    [[], {}, false],
    [['--color', 'always'], {}, true],
    [['--color', 'always'], { NO_COLOR: '1' }, true],
    [['--color', 'never'], { FORCE_COLOR: '1' }, false],
    [[], { FORCE_COLOR: '1' }, true],
    [[], { FORCE_COLOR: '0' }, false],
  ] as const)('%j with %j: %s', async ([args, env, isColored]) => {
    const options = { home: temporaryDirectory(), env };
    const { stdout } = await runCli(['config', ...args, 'a', '1'], options);
    expect(stdout).toBe(`${isColored ? '\u001b[32m✓\u001b[0m' : '✓'} Set a = 1\n  (in global config)\n`);
    const { stderr } = await runCli(['config', ...args, 'nope'], options);
    expect(stderr.startsWith(isColored ? '\u001b[31mError:\u001b[0m ' : 'Error: ')).toBe(true);
  });
});

describe('standard output', () => {
  function largeHome(): string {
    const home = temporaryDirectory();
    const lines = Array.from({ length: 20_000 }, (_, index) => `key_${index} = "value ${index}"\n`);
    writeUserConfig(home, lines.join(''));
    return home;
  }

  test('whose reader has closed it is not an error', async () => {
    const child = startCli(['config'], { home: largeHome() });
    child.stdout?.destroy();
    const { exitCode, signal, stderr } = await resultOf(child);
    expect({ exitCode, signal, stderr }).toEqual({ exitCode: 0, signal: null, stderr: '' });
  });

  test('that is a non-blocking pipe gets everything, however slow its reader is', async () => {
    const home = largeHome();
    const preload = join(home, 'open-stdout.cjs');
    // Node's own stream makes the pipe non-blocking. A write to a full pipe then fails with EAGAIN.
    writeFileSync(preload, 'process.stdout.write("");');
    const child = startCli(['config', '-q'], { home, env: { NODE_OPTIONS: `--require ${preload}` } });
    const { exitCode, stdout } = await resultOf(child);
    expect(exitCode).toBe(0);
    expect(stdout.trimEnd().split('\n')).toHaveLength(20_000);
  });

  test.runIf(process.platform === 'linux')('on a full device is an I/O error (Linux)', async () => {
    const full = openSync('/dev/full', 'w');
    const home = temporaryDirectory();
    const child = spawn(process.execPath, [cli, 'config', 'path'], {
      env: { HOME: home },
      stdio: ['ignore', full, 'pipe'],
    });
    closeSync(full);
    const { exitCode, stderr } = await resultOf(child);
    expect(exitCode).toBe(3);
    expect(stderr).toMatch(/^Error: ENOSPC/);
  });
});
