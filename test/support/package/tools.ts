import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'vitest';
import { missingTools } from '../../../scripts/tools/pinned-tools.mjs';
import { root } from './dist.js';

/**
 * The path of a file in a package that tools/ pins.
 *
 * Skips the test if the pinned version is not installed; fails it in CI.
 *
 * @param name - The name of the dependency in the package.json of the folder.
 */
export function tool(context: TestContext, folder: 'package' | 'runtimes', name: string, file: string): string {
  // The binaries in tools/runtimes run on no other platform.
  if (folder === 'runtimes' && !isLinuxX64) context.skip('needs Linux on x64 with glibc');
  if (missingTools(root, folder).includes(name)) {
    const reason = `not installed: ${name} (npm ci --prefix tools/${folder})`;
    if (process.env['CI']) throw new Error(reason);
    context.skip(reason);
  }
  return join(root, 'tools', folder, 'node_modules', name, file);
}

const isLinuxX64 = process.platform === 'linux' && process.arch === 'x64' && !existsSync('/etc/alpine-release');
