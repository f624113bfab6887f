// A call with an option that is not what it should be says so. It must not wait for ever instead.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { lock, lockSync, tryLock, withLock } from '../../src/lock/index.js';
import { rejection } from '../support/rejection.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const lockPath = () => join(temporaryDirectory(), 'x.lock');
const nothing = () => {};

/** A call with options that its type forbids. */
type Call = (path: string, options: never) => unknown;

const calls: Record<string, Call> = {
  lock: (path, options) => lock(path, options),
  lockSync: (path, options) => lockSync(path, options),
  tryLock: (path, options) => tryLock(path, options),
  withLock: (path, options) => withLock(path, options, nothing),
};

/** The message of the TypeError that a call throws, or rejects with. */
async function refusal(call: Call, path: string, options: unknown): Promise<string> {
  const error = await rejection((async () => call(path, options as never))());
  expect(error).toBeInstanceOf(TypeError);
  return (error as TypeError).message;
}

describe.for(Object.entries(calls))('%s refuses', ([name, call]) => {
  const waits = name !== 'tryLock';
  const isAsync = name === 'lock' || name === 'withLock';
  test.for<[unknown, string, boolean]>([
    [5000, 'options must be an object, not number', true],
    [null, 'options must be an object, not null', true],
    ['shared', 'options must be an object, not string', true],
    [nothing, 'options must be an object, not function', true],
    [{ timeOut: 10 }, "Unknown option 'timeOut'", true],
    [{ Mode: 'shared' }, "Unknown option 'Mode'", true],
    [{ mode: null }, 'mode must be', true],
    [{ mode: 10n }, 'mode must be', true],
    [{ fileMode: null }, 'fileMode must be a number, not null', true],
    [{ fileMode: '600' }, 'fileMode must be a number, not string', true],
    [{ timeout: null }, 'timeout must be a number of milliseconds, not null', waits],
    [{ timeout: '10' }, 'timeout must be a number of milliseconds, not string', waits],
    [{ onWait: 5 }, 'onWait must be a function, not number', waits],
    [{ onWait: null }, 'onWait must be a function, not null', waits],
    [{ signal: {} }, 'signal must be an AbortSignal', isAsync],
    [{ signal: null }, 'signal must be an AbortSignal', isAsync],
    [{ signal: { aborted: false } }, 'signal must be an AbortSignal', isAsync],
    [{ signal: new AbortController() }, 'signal must be an AbortSignal', isAsync],
    [{ keepAlive: null }, 'keepAlive must be true or false, not null', isAsync],
    [{ keepAlive: 0 }, 'keepAlive must be true or false, not number', isAsync],
  ])('%o', async ([options, message, isItsOption]) => {
    const path = lockPath();
    const [option] = Object.keys(options ?? {});
    expect(await refusal(call, path, options)).toContain(isItsOption ? message : `Unknown option '${option}'`);
    expect(existsSync(path)).toBe(false);
  });
});

test('withLock refuses swapped arguments and a missing function', async () => {
  const path = lockPath();
  const message = 'use must be a function';
  expect(await refusal(() => withLock(path, nothing as never, { timeout: 5 } as never), path, {})).toContain(message);
  expect(await refusal(() => withLock(path, { timeout: 5 } as never), path, {})).toContain(message);
  expect(await refusal(() => (withLock as (path: string) => unknown)(path), path, {})).toContain(message);
  expect(await refusal(() => withLock(path, null as never), path, {})).toContain(message);
  expect(existsSync(path)).toBe(false);
});

test('an option that is undefined has its default', async () => {
  const path = lockPath();
  const sync = { mode: undefined, fileMode: undefined, timeout: undefined, onWait: undefined };
  const all = { ...sync, signal: undefined, keepAlive: undefined };
  (await lock(path, all)).release();
  lockSync(path, sync).release();
  tryLock(path, { mode: undefined, fileMode: undefined })?.release();
  expect(await withLock(path, all, () => 'held')).toBe('held');
  (await lock(path, undefined)).release();
});

test('an asynchronous call rejects: it never throws', async () => {
  const path = lockPath();
  const promise = lock(path, 5 as never);
  await expect(promise).rejects.toThrow(TypeError);
});
