import { execFileSync } from 'node:child_process';
import { closeSync, constants, existsSync, open, openSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readConfig, setConfigValue, updateConfig } from '../../../src/index.js';
import { withPackage } from '../../support/package/dist.js';
import { Child } from '../../support/process/child.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

// Somebody removes the lock file of a transaction: docs/decisions/sweep-condition.md.

/** Sets a key, and calls `meanwhile` before the new file is put on disk. Resolves to the number of tries. */
async function setWith(path: string, key: string, meanwhile: () => void): Promise<number> {
  const release = occupyThreadPool();
  let tries = 0;
  await updateConfig(path, (transaction) => {
    // All until the fsync, which waits for a thread of the pool, is one turn.
    if (++tries === 1) {
      process.nextTick(() => {
        meanwhile();
        release();
      });
    }
    transaction.set(key, 1);
  });
  return tries;
}

/** Gives every thread of libuv's pool a FIFO to open, which nobody writes to until the result is called. */
function occupyThreadPool(): () => void {
  const fifo = join(temporaryDirectory(), 'fifo');
  execFileSync('mkfifo', [fifo]);
  const { UV_THREADPOOL_SIZE = 4 } = process.env;
  for (let thread = 0; thread < Number(UV_THREADPOOL_SIZE); thread++) open(fifo, 'r', (_error, fd) => closeSync(fd));
  return () => closeSync(openSync(fifo, constants.O_WRONLY));
}

test.each([
  ['makes the transaction start over', 'that was there', 2],
  ['costs nothing', 'that is new', 1],
])('a lock file that is removed before there is anything to write %s, if it is one %s', async (_, what, tries) => {
  const path = join(temporaryDirectory(), 'config.toml');
  if (what === 'that was there') await setConfigValue(path, 'a', 0);
  let count = 0;
  await updateConfig(path, (transaction) => {
    if (++count === 1) rmSync(`${path}.lock`);
    transaction.set('a', count);
  });
  expect(await readConfig(path)).toEqual({ a: tries });
});

test('a lock file that is removed later, and that nobody makes anew, costs nothing', async () => {
  const path = join(temporaryDirectory(), 'config.toml');
  await setConfigValue(path, 'a', 0);
  expect(await setWith(path, 'a', () => rmSync(`${path}.lock`))).toBe(1);
  expect(await readConfig(path)).toEqual({ a: 1 });
});

test.each(['a new config', 'one that there is'])(
  'who has the lock by a lock file made anew sweeps away what the writer before was making, who starts over: %s',
  async (what) => {
    const path = join(temporaryDirectory(), 'config.toml');
    if (what === 'one that there is') await setConfigValue(path, 'first', 1);
    const reading = join(temporaryDirectory(), 'reading');
    // It stays between reading and writing: the config is still what the other one has read.
    const next = Child.node(
      withPackage(`
        await new Promise((resolve) => process.stdin.once('data', resolve));
        process.stdin.destroy();
        const fs = require('node:fs');
        zjj.updateConfigSync(${JSON.stringify(path)}, (tx) => {
          fs.writeFileSync(${JSON.stringify(reading)}, '');
          while (fs.existsSync(${JSON.stringify(reading)}));
          tx.set('b', 1);
        });`),
    );
    const temporaryFiles = () => readdirSync(join(path, '..')).filter((name) => name.endsWith('.tmp'));
    let mine: readonly string[] = [];
    let left: readonly string[] = [];
    const isSet = setWith(path, 'a', () => {
      mine = temporaryFiles();
      rmSync(`${path}.lock`);
      next.write('go');
      while (!existsSync(reading));
      left = temporaryFiles();
    });
    while (!existsSync(reading)) await new Promise(setImmediate);
    rmSync(reading);
    expect(mine).toHaveLength(1);
    expect(left).not.toContain(mine[0]);
    expect(await isSet).toBe(2);
    expect([await next.exit(), next.stderr]).toEqual([0, '']);
    expect(await readConfig(path)).toMatchObject({ a: 1, b: 1 });
  },
);
