// The libraries, each as its README would have it used: `opens(path)` gives a function that takes the lock and gives back
// one that releases it. The peers that lock descriptors keep theirs open, and so are spared opening and closing the file
// each time; zjj is given a path each time, as always.

import { closeSync, open, openSync } from 'node:fs';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';

const require = createRequire(import.meta.url);

/** The synchronous call of zjj; no peer's waits. */
export function lockSync(path) {
  return require('../../dist/lock/index.js').lockSync(path);
}

export const zjj = {
  name: 'zjj',
  opens(path) {
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
    opens(path) {
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
    opens(path) {
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
    opens(path) {
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
    opens(path) {
      const { lock } = require('proper-lockfile');
      closeSync(openSync(path, 'a'));
      // It polls; without retries it would fail at once.
      const retries = { forever: true, minTimeout: 1, maxTimeout: 20, factor: 1.2 };
      return () => lock(path, { retries });
    },
  },
];

/** What a user of a peer does who has a path: opens, locks and closes, each asynchronously. Closing releases. */
export const peerFromPath = {
  name: 'fs-ext, from a path',
  opens(path) {
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

export function libraryNamed(name) {
  return [zjj, ...peers].find((library) => library.name === name);
}
