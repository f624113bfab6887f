import fs, { existsSync, readdirSync, rmSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readConfig, setConfigValue, updateConfig } from '../../../src/index.js';
import { withPackage } from '../../support/package/dist.js';
import { Child } from '../../support/process/child.js';
import { HANG_TIMEOUT_MS } from '../../support/run/hang-timeout.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

// The lock file is removed during a transaction: docs/decisions/sweep-condition.md.

/** Sets a key, and calls `beforeSync` when the new file exists and is still empty. Resolves to the number of attempts. */
async function setWith(path: string, key: string, beforeSync: () => void): Promise<number> {
  let attempts = 0;
  await updateConfig(
    path,
    (transaction) => {
      if (++attempts === 1) beforeNextWrite(beforeSync);
      transaction.set(key, 1);
    },
    { timeout: HANG_TIMEOUT_MS },
  );
  return attempts;
}

/** Calls a function when this thread writes a file the next time, before it does. */
function beforeNextWrite(hook: () => void): void {
  const { writeFileSync } = fs;
  fs.writeFileSync = (...args) => {
    fs.writeFileSync = writeFileSync;
    syncBuiltinESMExports();
    hook();
    writeFileSync(...args);
  };
  syncBuiltinESMExports();
}

test.each([
  ['starts over', 'an existing', 2],
  ['does not start over', 'a new', 1],
])('a transaction %s if %s lock file is removed during the merge', async (_, lockFile, attempts) => {
  const path = join(temporaryDirectory(), 'config.toml');
  if (lockFile === 'an existing') await setConfigValue(path, 'a', 0);
  let count = 0;
  await updateConfig(
    path,
    (transaction) => {
      if (++count === 1) rmSync(`${path}.lock`);
      transaction.set('a', count);
    },
    { timeout: HANG_TIMEOUT_MS },
  );
  expect(await readConfig(path)).toEqual({ a: attempts });
});

test('a transaction does not start over if its lock file is removed after the merge and not replaced', async () => {
  const path = join(temporaryDirectory(), 'config.toml');
  await setConfigValue(path, 'a', 0);
  expect(await setWith(path, 'a', () => rmSync(`${path}.lock`))).toBe(1);
  expect(await readConfig(path)).toEqual({ a: 1 });
});

test.each(['a new config', 'an existing config'])(
  'the holder of a new lock file sweeps the temporary file of the previous holder, which starts over: %s',
  async (config) => {
    const path = join(temporaryDirectory(), 'config.toml');
    if (config === 'an existing config') await setConfigValue(path, 'first', 1);
    const reading = join(temporaryDirectory(), 'reading');
    // The second writer pauses between read and write, so the config is still the file that the first writer read.
    const second = Child.node(
      withPackage(`
        await new Promise((resolve) => process.stdin.once('data', resolve));
        process.stdin.destroy();
        const fs = require('node:fs');
        zjj.updateConfigSync(${JSON.stringify(path)}, (tx) => {
          fs.writeFileSync(${JSON.stringify(reading)}, '');
          while (fs.existsSync(${JSON.stringify(reading)}));
          tx.set('b', 1);
        }, { timeout: ${HANG_TIMEOUT_MS} });`),
    );
    const temporaryFiles = () => readdirSync(join(path, '..')).filter((name) => name.endsWith('.tmp'));
    let mine: readonly string[] = [];
    let left: readonly string[] = [];
    const setting = setWith(path, 'a', () => {
      mine = temporaryFiles();
      rmSync(`${path}.lock`);
      second.write('go');
      while (!existsSync(reading));
      left = temporaryFiles();
    });
    while (!existsSync(reading)) await new Promise(setImmediate);
    rmSync(reading);
    expect(mine).toHaveLength(1);
    expect(left).not.toContain(mine[0]);
    expect(await setting).toBe(2);
    expect([await second.exit(), second.stderr]).toEqual([0, '']);
    expect(await readConfig(path)).toMatchObject({ a: 1, b: 1 });
  },
);
