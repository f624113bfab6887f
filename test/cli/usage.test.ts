import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runCli, temporaryDirectory } from './run-cli.js';

const manifest = readFileSync(join(import.meta.dirname, '..', '..', 'package.json'), 'utf8');
const { version } = JSON.parse(manifest) as { version: string };

describe('a usage error exits with 2 and prints only the error', () => {
  test.for([
    [['frobnicate'], "'frobnicate' is not a zjj command. See 'zjj --help'."],
    [['config', '--nope'], "Unknown option '--nope'. Put '--' before a value that begins with '-'."],
    [['config', 'a', '-x'], "Unknown option '-x'. Put '--' before a value that begins with '-'."],
    [['config', '--json=1'], "Option '--json' does not take an argument."],
    [['config', '--file'], "Option '-f, --file <value>' argument missing."],
    [['config', '--file', ''], "Option '--file' needs the path of a file."],
    [['config', 'a', 'b', 'c'], "Usage: zjj config [KEY [VALUE]]. See 'zjj config --help'."],
    [['config', 'get'], "Usage: zjj config get KEY. See 'zjj config --help'."],
    [['config', 'unset'], "Usage: zjj config unset KEY…. See 'zjj config --help'."],
    [['config', 'set', 'a'], "Usage: zjj config set KEY VALUE, or set KEY=VALUE…. See 'zjj config --help'."],
    [['config', 'set', 'a=1', 'b'], "Usage: zjj config set KEY VALUE, or set KEY=VALUE…. See 'zjj config --help'."],
    [['config', '--global', '--project'], '--file, --global and --project cannot be combined.'],
    [['config', '-g', '-f', 'x'], '--file, --global and --project cannot be combined.'],
    [['config', 'a', '--type', 'string'], "Option '--type' does not apply to 'zjj config get'."],
    [['config', 'a', '1', '--default', 'b'], "Option '--default' does not apply to 'zjj config set'."],
    [['config', '--dry-run'], "Option '--dry-run' does not apply to 'zjj config list'."],
    [['config', 'a', '1', '--type', 'int'], /^Option '--type' takes infer, string, /],
    [['config', '--color', 'red'], "Option '--color' takes auto, always, never."],
    [['config', '--timeout', '-1'], /^Option '--timeout' takes seconds/],
    [['config', '--timeout', 'soon'], /^Option '--timeout' takes seconds/],
  ] as const)('%j', async ([args, message]) => {
    const { exitCode, stdout, stderr } = await runCli(args, { home: temporaryDirectory() });
    expect(exitCode).toBe(2);
    expect(stdout).toBe('');
    const text = stderr.replace(/^Error: /, '').trimEnd();
    if (typeof message === 'string') expect(text).toBe(message);
    else expect(text).toMatch(message);
  });

  test('is JSON with --json', async () => {
    const { exitCode, stdout, stderr } = await runCli(['config', '--json', '--nope'], {
      home: temporaryDirectory(),
    });
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'USAGE' } });
  });

  test('is text if --json comes after --', async () => {
    const { stderr } = await runCli(['config', '--nope', '--', '--json'], { home: temporaryDirectory() });
    expect(stderr).toMatch(/^Error: /);
  });
});

test('--help prints the help, and so does a call without arguments', async () => {
  const home = temporaryDirectory();
  const help = await runCli(['--help'], { home });
  expect(help).toMatchObject({ exitCode: 0, stderr: '' });
  expect(help.stdout).toMatch(/^Usage: zjj config/);
  expect(await runCli(['-h'], { home })).toEqual(help);
  expect(await runCli([], { home })).toEqual(help);
});

test('config --help names every action and option, also after an action', async () => {
  const home = temporaryDirectory();
  const help = await runCli(['config', '--help'], { home });
  expect(help).toMatchObject({ exitCode: 0, stderr: '' });
  const words = 'list get set unset path --global --project --file --json --type --default --dry-run --quiet --timeout';
  for (const word of words.split(' ')) expect(help.stdout).toContain(word);
  expect(await runCli(['config', 'set', '-h'], { home })).toEqual(help);
});

test('--version prints the version of the package', async () => {
  for (const option of ['--version', '-V']) {
    const result = await runCli([option], { home: temporaryDirectory() });
    expect(result).toMatchObject({ exitCode: 0, stdout: `${version}\n`, stderr: '' });
  }
});
