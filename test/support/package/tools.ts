import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'vitest';
import { missingTools } from '../../../scripts/tools/pinned-tools.mjs';
import { root } from './dist.js';

/**
 * A file of a package that tools/ pins, by the name that its package.json has for it. Skips a test where that version is
 * not installed; fails it in CI.
 */
export function tool(context: TestContext, folder: 'package' | 'runtimes', name: string, file: string): string {
  // Those in tools/runtimes are for nothing else.
  if (folder === 'runtimes' && !isLinuxX64) context.skip('needs Linux on x64 with glibc');
  if (missingTools(root, folder).includes(name)) {
    const reason = `not installed: ${name} (npm ci --prefix tools/${folder})`;
    if (process.env['CI']) throw new Error(reason);
    context.skip(reason);
  }
  return join(root, 'tools', folder, 'node_modules', name, file);
}

const isLinuxX64 = process.platform === 'linux' && process.arch === 'x64' && !existsSync('/etc/alpine-release');
