import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { path as addonPath } from 'node-gyp-build';
import { beforeEach, describe, expect, test } from 'vitest';
import { root } from '../support/package/dist.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

// A copy of the package without binaries. Each test adds some, and loads them for real.

const addon = addonPath(root);
const platform = `${process.platform}-${process.arch}`;
let directory: string;
let glibc: string;
let musl: string;

beforeEach(() => {
  directory = temporaryDirectory();
  cpSync(join(root, 'dist'), join(directory, 'dist'), { recursive: true });
  copyFileSync(join(root, 'package.json'), join(directory, 'package.json'));
  const loader = dirname(createRequire(__filename).resolve('node-gyp-build/package.json'));
  mkdirSync(join(directory, 'node_modules'));
  symlinkSync(loader, join(directory, 'node_modules/node-gyp-build'), 'junction');
  const prebuilds = join(directory, 'prebuilds', platform);
  mkdirSync(prebuilds, { recursive: true });
  glibc = join(prebuilds, 'zjj.glibc.node');
  musl = join(prebuilds, 'zjj.musl.node');
  const sizes = ['glibc', 'musl'].map((libc) => [`${platform}/zjj.${libc}.node`, { size: statSync(addon).size }]);
  writeFileSync(join(prebuilds, '../manifest.json'), JSON.stringify({ binaries: Object.fromEntries(sizes) }));
});

/** Takes a lock in a new process. Returns whether it is held, or the error. */
function takeFirstLock(): { held?: boolean; code?: string; message?: string; cause?: string } {
  const script = `
    const { tryLock } = require('./dist/lock');
    try {
      console.log(JSON.stringify({ held: tryLock('a.lock').held }));
    } catch ({ code, message, cause }) {
      console.log(JSON.stringify({ code, message, cause: cause.message }));
    }`;
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', script], { cwd: directory, encoding: 'utf8' });
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

/** Has the header of a binary, so the dynamic loader would notice only when it reaches the end. */
const truncated = readFileSync(addon).subarray(0, 1000);
const damaged = Buffer.alloc(statSync(addon).size, 'damaged');

test('without a binary for this platform the first lock throws ADDON_LOAD, which says what to do', () => {
  const { code, message } = takeFirstLock();
  expect(code).toBe('ADDON_LOAD');
  expect(message).toContain(`Cannot load the native addon of zjj for ${platform}: No native build was found`);
  expect(message).toContain(`npm run build:native --prefix "${directory}"`);
});

test('the package loads without a binary', () => {
  const script =
    "console.log(typeof require('./dist').setConfigValue, typeof require('./dist').readConfigSync('none'))";
  const { stdout } = spawnSync(process.execPath, ['-e', script], { cwd: directory, encoding: 'utf8' });
  expect(stdout).toBe('function object\n');
});

describe.skipIf(process.platform !== 'linux')('on Linux', () => {
  test('the binary for glibc is loaded if it can be', () => {
    copyFileSync(addon, glibc);
    writeFileSync(musl, damaged);
    expect(takeFirstLock()).toEqual({ held: true });
  });

  test.each([
    ['damaged', damaged],
    ['truncated', truncated],
  ])('the binary for musl is loaded if the one for glibc is %s', (_, bytes) => {
    writeFileSync(glibc, bytes);
    copyFileSync(addon, musl);
    expect(takeFirstLock()).toEqual({ held: true });
  });

  test.each([
    ['damaged', damaged, 'invalid ELF header'],
    ['truncated', truncated, `is damaged: it has 1000 bytes and should have ${statSync(addon).size}`],
    ['empty', Buffer.alloc(0), 'is damaged: it has 0 bytes'],
  ])(
    'the error about a %s binary for glibc gives the reason for that binary, with or without one for musl',
    (_, bytes, reason) => {
      writeFileSync(glibc, bytes);
      for (const sibling of [undefined, damaged]) {
        if (sibling !== undefined) writeFileSync(musl, sibling);
        const { code, message, cause } = takeFirstLock();
        expect(code).toBe('ADDON_LOAD');
        expect(cause).toContain(glibc);
        expect(cause).toContain(reason);
        expect(message).toContain(cause);
      }
    },
  );

  test('a binary that the manifest does not list is loaded without a check of its size', () => {
    copyFileSync(addon, glibc);
    rmSync(join(directory, 'prebuilds/manifest.json'));
    expect(takeFirstLock()).toEqual({ held: true });
  });
});
