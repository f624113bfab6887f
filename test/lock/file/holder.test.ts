import { readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, type TestContext, test } from 'vitest';
import { recordStart } from '../../../src/lock/binding/holder.js';
import { lock, lockSync } from '../../../src/lock/index.js';
import { dist } from '../../support/package/dist.js';
import { Child } from '../../support/process/child.js';
import { holdElsewhere } from '../../support/process/lock-holder.js';
import { lockScript } from '../../support/process/lock-script.js';
import { requiresMount } from '../../support/requires/requires-mount.js';
import { commandLine, runtime } from '../../support/run/runtime.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const isLinux = process.platform === 'linux';

/** In bytes: the size of a record, and of its start. */
const RECORD_SIZE = 256;
const MAX_RECORD_START_SIZE = 215;

const lockPath = () => join(temporaryDirectory(), 'x.lock');

/** The error of a wait for a lock that another process holds, while the lock file has this record. */
async function timeoutWith(record: object): Promise<{ holder: unknown; message: string }> {
  const path = lockPath();
  await holdElsewhere(path);
  writeFileSync(path, `${JSON.stringify(record).padEnd(RECORD_SIZE - 1)}\n`);
  return lock(path, { timeout: 1 }).then(
    () => expect.unreachable(),
    (error: { holder: unknown; message: string }) => error,
  );
}

/** The record that this process leaves. */
function ownRecord(): Record<string, unknown> {
  const path = lockPath();
  using _held = lockSync(path);
  return JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
}

/** A command in a new PID namespace of this host. */
function inPidNamespace(context: TestContext, options: readonly string[], script: readonly string[]): Child {
  requiresMount(context);
  return new Child('unshare', ['--pid', '--fork', ...options, ...commandLine(script)]);
}

describe('a record', () => {
  test('has the size that every version reads, and the names in their order', () => {
    const path = lockPath();
    using _held = lockSync(path);
    const text = readFileSync(path, 'latin1');
    expect(text).toHaveLength(RECORD_SIZE);
    expect(text).toMatch(/^{"pid":\d+,"host":".*","command":".*",.*"since":"[^"]{24}"} *\n$/);
  });

  test.each(['', 'zjj config', 'c'.repeat(5000), '"\\'.repeat(500), '👋'.repeat(500), '\u0007'.repeat(500)])(
    'fits with every command %#',
    (command) => {
      const start = recordStart(command);
      expect(Buffer.byteLength(start)).toBeLessThanOrEqual(MAX_RECORD_START_SIZE);
      const record = JSON.parse(`${start.slice(0, -1)}}`) as { command: string };
      expect(command.startsWith(record.command)).toBe(true);
      expect(record.command.length).toBeGreaterThanOrEqual(Math.min(command.length, 10));
    },
  );

  test('fits with a long host name, which names this host all the same', async (context) => {
    requiresMount(context);
    const name = 'h'.repeat(64);
    const path = lockPath();
    const script = lockScript(
      path,
      `const held = zjj.lockSync(path);
       const error = await zjj.lock(path, { timeout: 1 }).catch((reason) => reason);
       console.log(error.holder.host, error.holder.alive, /which is this process/.test(error.message));`,
    );
    const command = commandLine(script);
    const child = new Child('unshare', [
      '--uts',
      'sh',
      '-c',
      `echo ${name} >/proc/sys/kernel/hostname && exec "$@"`,
      'sh',
      ...command,
    ]);
    expect(await child.line()).toBe(`${name} true true`);
  });

  test.skipIf(!isLinux)("has the process's start time and PID namespace (Linux)", () => {
    const { start, pidns } = ownRecord();
    const fields = readFileSync('/proc/self/stat', 'utf8').replace(/.*\) /s, '').split(' ');
    expect(start).toBe(Number(fields[19]));
    expect(readlinkSync('/proc/self/ns/pid')).toBe(`pid:[${pidns}]`);
  });
});

describe('the holder that a record names', () => {
  const since = new Date().toISOString();

  test('is this process, if it is', async () => {
    const { message, holder } = await timeoutWith(ownRecord());
    expect(message).toMatch(/, which is this process\.$/);
    expect(holder).toMatchObject({ pid: process.pid, alive: true });
  });

  test('is this process, if a version without start time wrote it', async () => {
    const record = { pid: process.pid, host: hostname(), command: 'c', since };
    const { message } = await timeoutWith(record);
    expect(message).toMatch(/, which is this process\.$/);
  });

  test.skipIf(!isLinux)('has exited, if a later process has its number (Linux)', async () => {
    const record = ownRecord();
    for (const pid of [process.pid, process.ppid]) {
      const { message, holder } = await timeoutWith({ ...record, pid, start: 1 });
      expect(message).toMatch(/that process has exited, so another may hold it now\.$/);
      expect(holder).toMatchObject({ pid, alive: false });
    }
  });

  test.skipIf(!isLinux)('is unknown, if it is in another PID namespace of this host (Linux)', async () => {
    const record = ownRecord();
    const { message, holder } = await timeoutWith({ ...record, pidns: 1 });
    expect(message).toMatch(/, in another PID namespace of this host\.$/);
    expect(holder).toMatchObject({ pid: process.pid, alive: undefined });
  });

  test('is unknown, if a process in a container waits for this one, and the other way round', async (context) => {
    const path = lockPath();
    const held = lockSync(path);
    const script = lockScript(
      path,
      `const error = await zjj.lock(path, { timeout: 1 }).catch((reason) => reason);
       console.log(process.pid, error.holder.pid, error.holder.alive, error.message.split(', ').pop());
       const held = await zjj.lock(path);
       console.log('held');
       process.stdin.once('data', () => held.release() ?? process.stdin.destroy());`,
    );
    const child = inPidNamespace(context, ['--mount-proc'], script);
    expect(await child.line()).toBe(`1 ${process.pid} undefined in another PID namespace of this host.`);
    held.release();
    expect(await child.line()).toBe('held');
    await expect(lock(path, { timeout: 1 })).rejects.toMatchObject({ holder: { pid: 1, alive: undefined } });
    child.write('end');
  });

  test('is alive in a PID namespace whose /proc is that of another one', async (context) => {
    if (runtime === 'deno') context.skip('Deno does not start there');
    const path = lockPath();
    const script = lockScript(
      path,
      `const held = zjj.lockSync(path);
       const { spawnSync } = require('node:child_process');
       const script = 'require(' + JSON.stringify(require.resolve(process.argv[1])) + ').lock(' + JSON.stringify(path) +
         ', { timeout: 1 }).catch((error) => console.log(error.holder.pid, error.holder.alive))';
       console.log(spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' }).stdout);`,
    );
    const child = inPidNamespace(context, [], [...script, dist]);
    expect(await child.line()).toBe('1 true');
  });
});
