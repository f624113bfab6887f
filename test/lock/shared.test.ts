import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type FileLock, lock, lockSync, tryLock } from '../../src/lock/index.js';
import { Child } from '../support/process/child.js';
import { holdElsewhere } from '../support/process/lock-holder.js';
import { lockScript } from '../support/process/lock-script.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const lockPath = () => join(temporaryDirectory(), 'x.lock');

describe('shared locks', () => {
  test('of several processes are held together, and keep a writer out until the last is released', async () => {
    const path = lockPath();
    const others = [await holdElsewhere(path, 'shared'), await holdElsewhere(path, 'shared')];
    const own = await lock(path, { mode: 'shared' });
    let isGranted = false;
    const writer = lock(path).then((held) => {
      isGranted = true;
      return held;
    });
    own.release();
    others[0]?.write('end');
    await others[0]?.exit();
    expect(tryLock(path)).toBeNull();
    expect(isGranted).toBe(false);
    others[1]?.write('end');
    const held = await writer;
    expect(tryLock(path, { mode: 'shared' })).toBeNull();
    held.release();
  });

  test('waiting for a writer in another process are all granted together when it releases', async () => {
    const path = lockPath();
    const writer = await holdElsewhere(path);
    const waiting = Promise.all(Array.from({ length: 20 }, () => lock(path, { mode: 'shared' })));
    writer.write('end');
    const readers: FileLock[] = await waiting;
    expect(readers.every((reader) => reader.held)).toBe(true);
    const elsewhere = await holdElsewhere(path, 'shared');
    expect(tryLock(path)).toBeNull();
    for (const reader of readers) reader.release();
    elsewhere.write('end');
  });

  test('leave no record, and releasing one does not release the others', async () => {
    const path = lockPath();
    const one = lockSync(path, { mode: 'shared' });
    const two = lockSync(path, { mode: 'shared' });
    one.release();
    expect(tryLock(path)).toBeNull();
    const error: unknown = await lock(path, { timeout: 1 }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'LOCK_TIMEOUT', holder: undefined });
    two.release();
    tryLock(path)?.release();
  });
});

describe('a writer is not starved by a stream of readers', () => {
  /** Starts overlapping readers in this process: one always holds the lock, unless the queue lets a writer in. */
  function streamReaders(path: string): { readonly grants: () => number; stop(): Promise<void> } {
    let isStopped = false;
    let grants = 0;
    const reader = async () => {
      while (!isStopped) {
        const held = await lock(path, { mode: 'shared' });
        grants++;
        await new Promise(setImmediate);
        held.release();
      }
    };
    const readers = [reader(), reader(), reader()];
    return {
      grants: () => grants,
      async stop() {
        isStopped = true;
        await Promise.all(readers);
      },
    };
  }

  test('in its own process', async () => {
    const path = lockPath();
    const stream = streamReaders(path);
    for (let round = 0; round < 20; round++) {
      const before = stream.grants();
      while (stream.grants() < before + 5) await new Promise(setImmediate);
      const atCall = stream.grants();
      const held = await lock(path);
      // Only readers that called before the writer.
      expect(stream.grants() - atCall).toBeLessThanOrEqual(3);
      expect(tryLock(path, { mode: 'shared' })).toBeNull();
      held.release();
    }
    await stream.stop();
  });

  test('in its own process after it waited for a reader in another process', async () => {
    const path = lockPath();
    const stream = streamReaders(path);
    const other = await holdElsewhere(path, 'shared');
    const writer = lock(path);
    other.write('end');
    const held = await writer;
    const grants = stream.grants();
    await new Promise(setImmediate);
    expect(stream.grants()).toBe(grants);
    held.release();
    await stream.stop();
  });

  test('in another process with gaps between them', async () => {
    const path = lockPath();
    const writer = Child.node(
      lockScript(
        path,
        `for (let round = 0; round < 20; round++) (await zjj.lock(path)).release();
         console.log('done');`,
      ),
    );
    let isDone = false;
    const done = writer.line().finally(() => {
      isDone = true;
    });
    // One reader after another, each as soon as possible.
    while (!isDone) {
      for (let round = 0; round < 100; round++) (await lock(path, { mode: 'shared' })).release();
      await new Promise(setImmediate);
    }
    expect(await done).toBe('done');
  });
});
