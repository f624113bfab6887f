// In a page of Electron, timers are numbers and some globals of Node.js are missing.

import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dist } from './support/package/dist.js';
import { Child } from './support/process/child.js';
import { temporaryDirectory } from './support/temporary-directory.js';

const REPLACE_GLOBALS = `
  const timers = new Map();
  const node = { setTimeout, clearTimeout };
  globalThis.setTimeout = (call, ms) => {
    timers.set(timers.size + 1, node.setTimeout(call, ms));
    return timers.size;
  };
  globalThis.clearTimeout = (id) => node.clearTimeout(timers.get(id));
  const missing = ['setImmediate', 'clearImmediate', 'setInterval', 'clearInterval', 'TextDecoder', 'TextEncoder'];
  for (const name of [...missing, 'performance', 'queueMicrotask', 'structuredClone', 'EventTarget']) delete globalThis[name];
  // Of a polyfill: no EventTarget of Node.js, no reason, no throwIfAborted.
  globalThis.AbortSignal = class {
    aborted = false;
    listeners = new Set();
    addEventListener(type, listener) { this.listeners.add(listener); }
    removeEventListener(type, listener) { this.listeners.delete(listener); }
  };
  globalThis.AbortController = class {
    signal = new AbortSignal();
    abort() {
      this.signal.aborted = true;
      for (const listener of [...this.signal.listeners]) typeof listener === 'function' ? listener() : listener.handleEvent();
    }
  };`;

test('lock, store and watch work with globals that are not those of Node.js, and the process ends', async () => {
  const directory = temporaryDirectory();
  const script = `
    ${REPLACE_GLOBALS}
    const { lock, withLock, ConfigStore } = require(${JSON.stringify(dist)});
    const path = ${JSON.stringify(join(directory, 'x.lock'))};
    (async () => {
      const held = await lock(path);
      console.log((await lock(path, { timeout: 20 }).catch((error) => error)).code);
      const controller = new AbortController();
      const aborted = lock(path, { signal: controller.signal }).catch((error) => error);
      controller.abort();
      console.log((await aborted).name);
      held.release();
      console.log(await withLock(path, () => 'with'));
      const store = new ConfigStore(${JSON.stringify(join(directory, 'config.toml'))});
      await store.set('a', 1);
      const changes = store.watch();
      const next = changes.next();
      await store.set('a', 2);
      console.log((await next).value.new.a);
      await changes.return();
      const seen = new Promise((resolve) => {
        const listening = store.onChange((change) => { listening[Symbol.dispose](); resolve(change.new.a); });
      });
      const stay = setTimeout(() => {}, 2 ** 30);
      await store.set('a', 3);
      console.log(await seen);
      clearTimeout(stay);
    })();`;
  const child = Child.node(['-e', script]);
  for (const line of ['LOCK_TIMEOUT', 'AbortError', 'with', '2', '3']) expect(await child.line()).toBe(line);
  expect(await child.exit()).toBe(0);
});
