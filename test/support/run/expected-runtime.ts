import { join, relative, sep } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { loadAddon } from '../../../src/lock/binding/load-addon.js';
import { root } from '../package/dist.js';
import { loadedAddons } from '../package/loaded-addons.cjs';
import { runtime } from './runtime.js';

// scripts/test/test-runtimes.mjs and scripts/test/test-platforms.mjs set the variables below. A run that passes proves
// nothing if it used another runtime or another binary.
const actual = `${runtime} ${process.versions[runtime]}${isMainThread ? '' : ' worker'}`;
const expected = process.env['ZJJ_RUNTIME'];
if (expected !== undefined && expected !== actual) throw new Error(`The tests run on ${actual}, expected ${expected}`);

const binary = process.env['ZJJ_BINARY'];
if (binary !== undefined) {
  loadAddon();
  const platform = `${process.platform}-${process.arch}`;
  const loaded = loadedAddons().map((file) => relative(join(root, 'prebuilds'), file).replaceAll(sep, '/'));
  if (!binary.startsWith(`${platform}/`) || loaded.join() !== binary) {
    throw new Error(`The tests run on ${platform} with ${loaded}, expected ${binary}`);
  }
}
