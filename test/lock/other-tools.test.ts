import { spawnSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { lock, tryLock } from '../../src/lock/index.js';
import { Child } from '../support/process/child.js';
import { hasCommand } from '../support/requires/commands.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const lockPath = () => join(temporaryDirectory(), 'x.lock');

/** Programs that take the same lock: `hold` keeps it until a line arrives, `tryOnce` tries it once. */
const tools = {
  'flock(1)': {
    command: 'flock',
    hold: (path: string, mode: 'exclusive' | 'shared') => [
      mode === 'shared' ? '-s' : '-x',
      path,
      'sh',
      '-c',
      'echo held; read end',
    ],
    tryOnce: (path: string, mode: 'exclusive' | 'shared') => ['-n', mode === 'shared' ? '-s' : '-x', path, 'true'],
  },
  "Python's fcntl.flock": {
    command: 'python3',
    hold: (path: string, mode: 'exclusive' | 'shared') => [
      '-c',
      `import fcntl, sys
f = open(${JSON.stringify(path)}, 'a')
fcntl.flock(f, fcntl.LOCK_${mode === 'shared' ? 'SH' : 'EX'})
print('held', flush=True)
sys.stdin.readline()`,
    ],
    tryOnce: (path: string, mode: 'exclusive' | 'shared') => [
      '-c',
      `import fcntl
fcntl.flock(open(${JSON.stringify(path)}, 'a'), fcntl.LOCK_${mode === 'shared' ? 'SH' : 'EX'} | fcntl.LOCK_NB)`,
    ],
  },
};

for (const [name, tool] of Object.entries(tools)) {
  const canRun = process.platform !== 'win32' && hasCommand(tool.command);
  describe.skipIf(!canRun)(`${name} (skipped on Windows, and if ${tool.command} is not installed)`, () => {
    test.each([
      ['exclusive', 'exclusive', false],
      ['exclusive', 'shared', false],
      ['shared', 'exclusive', false],
      ['shared', 'shared', true],
    ] as const)(
      'holds %s, we try %s: granted %s; and the same with the roles swapped',
      async (held, tried, isGranted) => {
        const path = lockPath();
        const child = new Child(tool.command, tool.hold(path, held));
        expect(await child.line()).toBe('held');
        expect(tryLock(path, { mode: tried })?.held ?? false).toBe(isGranted);
        child.write('end');
        await child.exit();

        const ours = lockPath();
        using _held = await lock(ours, { mode: held });
        expect(spawnSync(tool.command, tool.tryOnce(ours, tried)).status === 0).toBe(isGranted);
      },
    );

    test('makes us wait, and waits for us', async () => {
      const path = lockPath();
      const child = new Child(tool.command, tool.hold(path, 'exclusive'));
      expect(await child.line()).toBe('held');
      const waiting = lock(path);
      child.write('end');
      const held = await waiting;
      const next = new Child(tool.command, tool.hold(path, 'exclusive'));
      held.release();
      expect(await next.line()).toBe('held');
    });
  });
}

test('a running program can be locked, as with flock(1)', async (context) => {
  if (process.platform !== 'linux') context.skip('only Linux refuses to open a running program for writing');
  const path = join(temporaryDirectory(), 'program.lock');
  copyFileSync('/bin/sh', path);
  const child = new Child(path, ['-c', 'echo runs; read end']);
  expect(await child.line()).toBe('runs');
  using held = await lock(path);
  expect([held.held, tryLock(path, { mode: 'shared' })]).toEqual([true, null]);
  child.write('end');
});
