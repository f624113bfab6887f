import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lock } from '../../src/lock/index.js';
import { resultOf, runCli, startCli, temporaryDirectory, writeUserConfig } from './run-cli.js';

async function lockedHome() {
  const home = temporaryDirectory();
  const config = join(home, 'config.toml');
  writeFileSync(config, 'a = 1\n');
  return { home, config, held: await lock(`${config}.lock`) };
}

test('a wait for a held lock times out, and the config stays as it was', async () => {
  const { home, config, held } = await lockedHome();
  try {
    const result = await runCli(['config', '--timeout', '200ms', 'a', '2'], { home });
    expect(result).toMatchObject({ exitCode: 5, stdout: '' });
    expect(result.stderr).toMatch(
      new RegExp(`^Error: Timeout waiting for file lock on \\S+ after 0.2 seconds. Held by pid ${process.pid} \\(`),
    );
    const asJson = await runCli(['config', '--json', '--timeout', '0', 'unset', 'a'], { home });
    expect(asJson).toMatchObject({ exitCode: 5, stdout: '' });
    expect(JSON.parse(asJson.stderr)).toMatchObject({ error: { code: 'LOCK_TIMEOUT' } });
    expect(readFileSync(config, 'utf8')).toBe('a = 1\n');
  } finally {
    held.release();
  }
});

test('a wait of over half a second names the holder, and then succeeds', async () => {
  const { home, config, held } = await lockedHome();
  const child = startCli(['config', '--timeout', '1m', 'a', '2'], { home });
  const result = resultOf(child);
  await once(child.stderr as NonNullable<typeof child.stderr>, 'data');
  held.release();
  const { exitCode, stderr } = await result;
  expect(exitCode).toBe(0);
  expect(stderr).toMatch(new RegExp(`^Waiting for lock on ${config}, held by pid ${process.pid} \\(.+\\)…\n$`));
  expect(readFileSync(config, 'utf8')).toBe('a = 2\n');
});

test.for(['--quiet', '--json'])('a wait with %s prints no notice', async (option) => {
  const { home, held } = await lockedHome();
  try {
    const { stderr } = await runCli(['config', option, '--timeout', '800ms', 'a', '2'], { home });
    expect(stderr).not.toContain('Waiting');
  } finally {
    held.release();
  }
});

test.skipIf(process.platform === 'win32').for([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s ends a wait with %i and writes nothing', async ([signal, status]) => {
  const { home, config, held } = await lockedHome();
  try {
    const child = startCli(['config', '--timeout', '1m', 'a', '2'], { home });
    const result = resultOf(child);
    await once(child.stderr as NonNullable<typeof child.stderr>, 'data');
    child.kill(signal);
    const { exitCode, stderr } = await result;
    expect(exitCode).toBe(status);
    expect(stderr).toMatch(/Error: Interrupted\. Nothing was written\.\n$/);
    expect(readFileSync(config, 'utf8')).toBe('a = 1\n');
  } finally {
    held.release();
  }
});

test('a read does not wait for the lock', async () => {
  const { home, held } = await lockedHome();
  try {
    expect(await runCli(['config', 'a'], { home })).toMatchObject({ exitCode: 0, stdout: '1\n' });
  } finally {
    held.release();
  }
});

test('the record in the lock file has the command, never its arguments', async () => {
  const home = temporaryDirectory();
  const config = writeUserConfig(home, 'a = 1\n');
  const spy = join(home, 'spy.cjs');
  writeFileSync(
    spy,
    `const fs = require('node:fs');
    const { writeFileSync } = fs;
    fs.writeFileSync = (file, ...rest) => {
      if (typeof file === 'number') fs.writeSync(2, fs.readFileSync(${JSON.stringify(`${config}.lock`)}));
      writeFileSync(file, ...rest);
    };`,
  );
  const env = { NODE_OPTIONS: `--require ${spy}` };
  const { stderr } = await runCli(['config', 'token', 'secret'], { home, env });
  expect(JSON.parse(stderr)).toMatchObject({ command: 'zjj config' });
  expect(stderr).not.toMatch(/token|secret/);
});
