import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type CliOptions, runCli, temporaryDirectory, writeUserConfig } from './run-cli.js';

const isLinux = process.platform === 'linux';

/** Sets a key. Returns the second line of the output, which names the file. */
async function set(args: readonly string[], options: CliOptions): Promise<string | undefined> {
  const result = await runCli(['config', ...args, 'key', 'value'], options);
  expect(result).toMatchObject({ exitCode: 0, stderr: '' });
  return result.stdout.split('\n')[1];
}

async function path(args: readonly string[], options: CliOptions): Promise<string> {
  const { stdout } = await runCli(['config', 'path', ...args], options);
  return stdout.trimEnd();
}

test('with only HOME set, the config is HOME/config.toml, and ~/.config is not created', async () => {
  const home = temporaryDirectory();
  expect(await path([], { home })).toBe(join(home, 'config.toml'));
  expect(await set([], { home })).toBe('  (in global config)');
  expect(readFileSync(join(home, 'config.toml'), 'utf8')).toBe('key = "value"\n');
  expect(existsSync(join(home, '.config'))).toBe(false);
  mkdirSync(join(home, '.config'));
  expect(await path([], { home })).toBe(join(home, 'config.toml'));
});

test.runIf(isLinux)('the config is in ~/.config/zjj if ~/.config exists (Linux)', async () => {
  const home = temporaryDirectory();
  mkdirSync(join(home, '.config'));
  expect(await set([], { home })).toBe('  (in global config)');
  expect(readFileSync(join(home, '.config', 'zjj', 'config.toml'), 'utf8')).toBe('key = "value"\n');
});

test('the config is in XDG_CONFIG_HOME, which is created if it does not exist', async () => {
  const home = temporaryDirectory();
  const env = { XDG_CONFIG_HOME: join(home, 'xdg', 'deep') };
  expect(await set([], { home, env })).toBe('  (in global config)');
  expect(existsSync(join(home, 'xdg', 'deep', 'zjj', 'config.toml'))).toBe(true);
});

test('ZJJ_CONFIG names the config, and --file takes precedence', async () => {
  const home = temporaryDirectory();
  const env = { ZJJ_CONFIG: join(home, 'env.toml') };
  expect(await set([], { home, env })).toBe(`  (in ${join(home, 'env.toml')})`);
  expect(await set(['-f', 'own.toml'], { home, env })).toBe('  (in own.toml)');
  expect(existsSync(join(home, 'env.toml')) && existsSync(join(home, 'own.toml'))).toBe(true);
  expect(existsSync(join(home, 'config.toml'))).toBe(false);
});

test('--project creates a config in the current directory, and subdirectories find it', async () => {
  const home = temporaryDirectory();
  const inner = join(home, 'work', 'inner');
  mkdirSync(inner, { recursive: true });
  const project = join(home, 'work', '.zjj', 'config.toml');
  expect(await set(['--project'], { home, cwd: join(home, 'work') })).toBe(`  (in project config ${project})`);
  expect(existsSync(project)).toBe(true);
  expect(await path([], { home, cwd: inner })).toBe(project);
  expect(await set([], { home, cwd: inner })).toBe(`  (in project config ${project})`);
  expect(await set(['--global'], { home, cwd: inner })).toBe('  (in global config)');
});

test('path --json prints a string', async () => {
  const home = temporaryDirectory();
  expect(JSON.parse(await path(['--json'], { home }))).toBe(join(home, 'config.toml'));
});

test.skipIf(process.platform === 'win32')(
  "the user's config works from a deleted current directory (not on Windows)",
  async () => {
    const home = temporaryDirectory();
    writeUserConfig(home, 'a = 1\n');
    const gone = join(home, 'gone');
    mkdirSync(gone);
    const script = join(home, 'from-gone.cjs');
    writeFileSync(script, `process.chdir(${JSON.stringify(gone)}); require('node:fs').rmdirSync('../gone');`);
    const env = { NODE_OPTIONS: `--require ${script}` };
    expect(await runCli(['config', 'a'], { home, env })).toMatchObject({ exitCode: 0, stdout: '1\n' });
    mkdirSync(gone);
    expect(await runCli(['config', 'b', '2'], { home, env })).toMatchObject({ exitCode: 0 });
    expect(readFileSync(join(home, 'config.toml'), 'utf8')).toBe('a = 1\nb = 2\n');
    mkdirSync(gone);
    expect(await runCli(['config', '--project', 'b', '2'], { home, env })).toMatchObject({
      exitCode: 3,
      stdout: '',
    });
    expect(() => rmdirSync(gone)).toThrow();
  },
);
