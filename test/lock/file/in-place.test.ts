import {
  appendFileSync,
  closeSync,
  openSync,
  readFileSync,
  renameSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type FileLock, lock, lockSync, tryLock, withLock } from '../../../src/lock/index.js';
import { root } from '../../support/package/dist.js';
import { Child } from '../../support/process/child.js';
import { holdElsewhere } from '../../support/process/lock-holder.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const isWindows = process.platform === 'win32';
const lockModule = JSON.stringify(join(root, 'dist', 'lock', 'index.js'));

/** In bytes: the size of a record. */
const RECORD_SIZE = 256;

const changes: Readonly<Record<string, (path: string) => void>> = {
  'writes it': (path) => writeFileSync(path, '{"a":1}'),
  'writes as much as a record takes': (path) => writeFileSync(path, 'x'.repeat(RECORD_SIZE)),
  'appends to it': (path) => appendFileSync(path, 'appended'),
  'writes in place': (path) => {
    const fd = openSync(path, 'r+');
    writeSync(fd, 'data', 3);
    closeSync(fd);
  },
  'writes behind the record': (path) => {
    const fd = openSync(path, 'r+');
    writeSync(fd, 'data', RECORD_SIZE);
    closeSync(fd);
  },
  'truncates it': (path) => truncateSync(path, 10),
  // Windows lets nobody replace a file that is open without FILE_SHARE_DELETE.
  ...(isWindows
    ? {}
    : {
        'replaces it': (path: string) => {
          writeFileSync(`${path}.new`, '{"a":1}');
          renameSync(`${path}.new`, path);
        },
      }),
};

/** Each locks the file, calls `use`, and releases the lock. */
const ways: Readonly<Record<string, (path: string, use: () => void) => Promise<void> | void>> = {
  lockSync: (path, use) => releaseAfter(lockSync(path), use),
  tryLock: (path, use) => releaseAfter(tryLock(path) as FileLock, use),
  lock: async (path, use) => releaseAfter(await lock(path), use),
  withLock: (path, use) => withLock(path, use),
  'a shared lock': (path, use) => releaseAfter(lockSync(path, { mode: 'shared' }), use),
  // The second lock finds the file still open.
  'a lock after another': (path, use) => {
    lockSync(path).release();
    releaseAfter(lockSync(path), use);
  },
};

function releaseAfter(held: FileLock, use: () => void): void {
  using _held = held;
  use();
}

describe.each(['state.json', 'state.lock'])('what somebody writes into %s while it is locked stays', (name) => {
  test.each(Object.keys(ways))('with %s', async (way) => {
    for (const [change, apply] of Object.entries(changes)) {
      const path = join(temporaryDirectory(), name);
      let text: string | undefined;
      await ways[way]?.(path, () => {
        apply(path);
        text = readFileSync(path, 'latin1');
      });
      expect(readFileSync(path, 'latin1'), change).toBe(text);
      lockSync(path).release();
      expect(readFileSync(path, 'latin1'), `${change}, and locks it again`).toBe(text);
    }
  });

  test('with a lock of a worker that ends', async () => {
    const path = join(temporaryDirectory(), name);
    const child = Child.node([
      '-e',
      `const { Worker } = require('node:worker_threads');
       const source = \`
         globalThis.held = require(\${JSON.stringify(${lockModule})}).lockSync(\${JSON.stringify(${JSON.stringify(path)})});
         require('node:worker_threads').parentPort.postMessage('held');
         setInterval(() => {}, 1000);\`;
       const worker = new Worker(source, { eval: true });
       worker.on('message', async () => {
         require('node:fs').writeFileSync(${JSON.stringify(path)}, 'data');
         await worker.terminate();
         console.log('ended');
       });`,
    ]);
    expect(await child.line()).toBe('ended');
    await child.exit();
    expect(readFileSync(path, 'utf8')).toBe('data');
  });
});

test.each(['another process', 'a lock that had to wait'])(
  'what is written into files locked by %s stays',
  async (who) => {
    const files = Object.keys(changes).flatMap((change) =>
      ['state.json', 'state.lock'].map((name) => ({ change, path: join(temporaryDirectory(), name) })),
    );
    const paths = files.map(({ path }) => path);
    const holder = await holdElsewhere(paths);
    const locks = who === 'another process' ? [] : paths.map((path) => lock(path));
    if (locks.length > 0) holder.write('end');
    const held = await Promise.all(locks);
    for (const { change, path } of files) changes[change]?.(path);
    const texts = paths.map((path) => readFileSync(path, 'latin1'));
    if (locks.length === 0) holder.write('end');
    for (const each of held) each.release();
    expect(await holder.exit()).toBe(0);
    expect(paths.map((path) => readFileSync(path, 'latin1'))).toEqual(texts);
  },
);

test.each(['state.ndjson', 'state.lock'])('lines of a fixed width that begin like a record stay, in %s', (name) => {
  for (const [count, rest] of [
    [1, ''],
    [1, '"host":"h","command":"c","size":7'],
    [40, '"host":"h","command":"c","since":"2026-11-23T06:32:09.123Z"'],
  ] as const) {
    const path = join(temporaryDirectory(), name);
    const text = `${`{"pid":7,${rest}}`.padEnd(RECORD_SIZE - 1)}\n`.repeat(count);
    writeFileSync(path, text);
    for (const mode of ['exclusive', 'shared'] as const) lockSync(path, { mode }).release();
    expect(readFileSync(path, 'utf8')).toBe(text);
  }
});

test('only a file whose name ends in .lock gets a record', () => {
  const directory = temporaryDirectory();
  for (const name of ['state', 'state.json', 'state.lock.json', 'state.LOCK.1', 'lock']) {
    const path = join(directory, name);
    using _held = lockSync(path);
    expect(readFileSync(path, 'utf8')).toBe('');
  }
  using held = lockSync(join(directory, 'state.lock'));
  expect(JSON.parse(readFileSync(held.path, 'utf8'))).toMatchObject({ pid: process.pid });
});

test('a holder can ask whether its path still names the locked file', () => {
  const path = join(temporaryDirectory(), 'x.lock');
  const held = lockSync(path);
  expect(held.isCurrent()).toBe(true);
  if (isWindows) {
    expect(() => unlinkSync(path)).toThrow();
    expect(held.isCurrent()).toBe(true);
  } else {
    renameSync(path, `${path}.old`);
    expect(held.isCurrent()).toBe(false);
    // A second holder: nothing tells the first.
    using second = lockSync(path);
    expect([held.held, held.isCurrent(), second.isCurrent()]).toEqual([true, false, true]);
    second.release();
    renameSync(`${path}.old`, path);
    expect(held.isCurrent()).toBe(true);
  }
  held.release();
  expect(held.isCurrent()).toBe(false);
});
