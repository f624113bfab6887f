import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '../temporary-directory.js';
import { root } from './dist.js';

/** Makes a second installation of the built package and returns the path of its entry point. */
export function copyPackage(): string {
  const copy = temporaryDirectory();
  for (const part of ['dist', 'prebuilds', 'package.json', join('node_modules', 'node-gyp-build')]) {
    cpSync(join(root, part), join(copy, part), { recursive: true });
  }
  return join(copy, 'dist', 'index.js');
}
