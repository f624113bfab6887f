import { execFileSync } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ConfigStore, setConfigValue } from '../../../src/index.js';
import { withPackage } from '../../support/package/dist.js';
import { Child } from '../../support/process/child.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const configPath = () => join(temporaryDirectory(), 'config.toml');
const modeOf = (path: string) => (statSync(path).mode & 0o7777).toString(8);

describe.runIf(process.platform !== 'win32')('with fileMode 0600 and umask 0', () => {
  /** Starts a script that has a `store` with fileMode 0600. */
  const start = (path: string, script: string, env: NodeJS.ProcessEnv = {}) =>
    Child.node(
      withPackage(`
        process.umask(0);
        const store = new zjj.ConfigStore(${JSON.stringify(path)}, { fileMode: 0o600 });
        ${script}`),
      { env: { ...process.env, ...env } },
    );

  test.each([
    ['set', `await store.set('token', 'secret');`],
    ['setSync', `store.setSync('token', 'secret');`],
    ['update', `await store.update((transaction) => transaction.set('token', 'secret'));`],
    ['updateSync', `store.updateSync((transaction) => transaction.set('token', 'secret'));`],
  ])('%s creates a config and a lock file that only the owner can read', async (_, script) => {
    const path = configPath();
    const child = start(path, script);
    expect([await child.exit(), child.stderr]).toEqual([0, '']);
    expect([modeOf(path), modeOf(`${path}.lock`)]).toEqual(['600', '600']);
    expect(readFileSync(path, 'utf8')).toBe('token = "secret"\n');
  });

  test('only the owner can read the temporary file', async () => {
    const path = configPath();
    const fifo = join(temporaryDirectory(), 'fifo');
    execFileSync('mkfifo', [fifo]);
    // Opening the FIFO blocks the only thread of the pool, so the first fsync waits until a writer opens the FIFO.
    const child = start(
      path,
      `
      const fs = require('node:fs');
      const { once } = require('node:events');
      const fifo = ${JSON.stringify(fifo)};
      fs.open(fifo, 'r', (error, fd) => fs.closeSync(fd));
      const written = store.set('token', 'secret');
      const directory = ${JSON.stringify(dirname(path))};
      while (!fs.readdirSync(directory).some((name) => name.endsWith('.tmp'))) await new Promise(setImmediate);
      console.log('waits');
      await once(process.stdin, 'data');
      process.stdin.destroy();
      fs.closeSync(fs.openSync(fifo, 'w'));
      await written;`,
      { UV_THREADPOOL_SIZE: '1' },
    );
    expect(await child.line()).toBe('waits');
    const [name = ''] = readdirSync(dirname(path)).filter((name) => name.endsWith('.tmp'));
    expect(modeOf(join(dirname(path), name))).toBe('600');
    child.write('go');
    expect([await child.exit(), child.stderr]).toEqual([0, '']);
  });
});

test('fileMode does not change the mode of an existing config', async () => {
  const path = configPath();
  writeFileSync(path, '');
  chmodSync(path, 0o640);
  await new ConfigStore(path, { fileMode: 0o600 }).set('a', 1);
  expect(modeOf(path)).toBe('640');
});

test('an invalid fileMode throws a RangeError, and nothing is created', async () => {
  const path = configPath();
  for (const fileMode of [-1, 0o10000, 1.5, Number.NaN]) {
    await expect(setConfigValue(path, 'a', 1, { fileMode })).rejects.toThrow(RangeError);
    expect(() => new ConfigStore(path, { fileMode }).setSync('a', 1)).toThrow(RangeError);
  }
  expect(readdirSync(dirname(path))).toEqual([]);
});
