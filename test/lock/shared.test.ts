import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type FileLock, lock, lockSync, tryLock } from '../../src/lock/index.js';
import { Child } from '../support/process/child.js';
import { heldElsewhere } from '../support/process/lock-holder.js';
import { lockScript } from '../support/process/lock-script.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const lockPath = () => join(temporaryDirectory(), 'x.lock');

describe('shared locks', () => {
  test('of several processes are held side by side, and keep a writer out until the last is released', async () => {
    const path = lockPath();
    const others = [await heldElsewhere(path, 'shared'), await heldElsewhere(path, 'shared')];
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

  test('that wait behind a writer of another process are all granted at once when it releases', async () => {
    const path = lockPath();
    const writer = await heldElsewhere(path);
    const waiting = Promise.all(Array.from({ length: 20 }, () => lock(path, { mode: 'shared' })));
    writer.write('end');
    const readers: FileLock[] = await waiting;
    expect(readers.every((reader) => reader.held)).toBe(true);
    const elsewhere = await heldElsewhere(path, 'shared');
    expect(tryLock(path)).toBeNull();
    for (const reader of readers) reader.release();
    elsewhere.write('end');
  });

  test('leave no record, and a release of one does not touch the others', async () => {
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

describe('a writer is not starved by a stream of readers of its own process', () => {
  /** Readers of this process that overlap, so that some hold the lock all the time unless somebody is let in between. */
  function streamReaders(path: string): { readonly turns: () => number; stop(): Promise<void> } {
    let stopped = false;
    let turns = 0;
    const reader = async () => {
      while (!stopped) {
        const held = await lock(path, { mode: 'shared' });
        turns++;
        await new Promise(setImmediate);
        held.release();
      }
    };
    const readers = [reader(), reader(), reader()];
    return {
      turns: () => turns,
      async stop() {
        stopped = true;
        await Promise.all(readers);
      },
    };
  }

  test('that waits for them', async () => {
    const path = lockPath();
    const stream = streamReaders(path);
    for (let round = 0; round < 20; round++) {
      const before = stream.turns();
      while (stream.turns() < before + 5) await new Promise(setImmediate);
      const atCall = stream.turns();
      const held = await lock(path);
      // Those that held or were asked for before it, and no more.
      expect(stream.turns() - atCall).toBeLessThanOrEqual(3);
      expect(tryLock(path, { mode: 'shared' })).toBeNull();
      held.release();
    }
    await stream.stop();
  });

  test('that first waits for a reader of another process', async () => {
    const path = lockPath();
    const stream = streamReaders(path);
    const other = await heldElsewhere(path, 'shared');
    const writer = lock(path);
    other.write('end');
    const held = await writer;
    const turns = stream.turns();
    await new Promise(setImmediate);
    expect(stream.turns()).toBe(turns);
    held.release();
    await stream.stop();
  });

  test('in a second process, which has gaps as this one releases', async () => {
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
    // One reader after the other, each as soon as it can.
    while (!isDone) {
      for (let turn = 0; turn < 100; turn++) (await lock(path, { mode: 'shared' })).release();
      await new Promise(setImmediate);
    }
    expect(await done).toBe('done');
  });
});
