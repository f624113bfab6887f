// The libraries, each used as its README describes. `open(path)` returns a function that acquires the lock and resolves
// to a function that releases it. The peers that lock descriptors keep theirs open, so they do not open and close the
// file each time. zjj gets a path each time, as it always does.

import { closeSync, open, openSync } from 'node:fs';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';

const require = createRequire(import.meta.url);

/** The synchronous call of zjj. No peer has a synchronous call that waits. */
export function lockSync(path) {
  return require('../../dist/lock/index.js').lockSync(path);
}

export const zjj = {
  name: 'zjj',
  open(path) {
    const { lock } = require('../../dist/lock/index.js');
    return async () => {
      const held = await lock(path);
      return () => held.release();
    };
  },
};

export const peers = [
  {
    name: 'fs-ext',
    open(path) {
      const flock = promisify(require('fs-ext').flock);
      const fd = openSync(path, 'a');
      return async () => {
        await flock(fd, 'ex');
        return () => flock(fd, 'un');
      };
    },
  },
  {
    name: 'os-lock',
    open(path) {
      const { lock, unlock } = require('os-lock');
      const fd = openSync(path, 'a+');
      return async () => {
        await lock(fd, { exclusive: true });
        return () => unlock(fd);
      };
    },
  },
  {
    name: 'fs-native-extensions',
    open(path) {
      const { waitForLock, unlock } = require('fs-native-extensions');
      const fd = openSync(path, 'a+');
      return async () => {
        await waitForLock(fd);
        return () => unlock(fd);
      };
    },
  },
  {
    name: 'proper-lockfile',
    open(path) {
      const { lock } = require('proper-lockfile');
      closeSync(openSync(path, 'a'));
      // It polls. Without retries it fails at once.
      const retries = { forever: true, minTimeout: 1, maxTimeout: 20, factor: 1.2 };
      return () => lock(path, { retries });
    },
  },
];

/** A peer used with a path: opens, locks and closes, each asynchronously. Closing the file releases the lock. */
export const peerFromPath = {
  name: 'fs-ext, from a path',
  open(path) {
    const flock = promisify(require('fs-ext').flock);
    const close = promisify(require('node:fs').close);
    const openFile = promisify(open);
    return async () => {
      const fd = await openFile(path, 'a');
      await flock(fd, 'ex');
      return () => close(fd);
    };
  },
};

export function findLibrary(name) {
  return [zjj, ...peers].find((library) => library.name === name);
}
