import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'vitest';
import { root } from './dist.js';

/**
 * A file of a package that tools/ pins, by the name that its package.json has for it. Skips a test where that version is
 * not installed; fails it in CI.
 */
export function tool(context: TestContext, folder: 'package' | 'runtimes', name: string, file: string): string {
  // Those in tools/runtimes are for nothing else.
  if (folder === 'runtimes' && !isLinuxX64) context.skip('needs Linux on x64 with glibc');
  const tools = join(root, 'tools', folder);
  const { dependencies } = JSON.parse(readFileSync(join(tools, 'package.json'), 'utf8'));
  const directory = join(tools, 'node_modules', name);
  // An alias is npm:NAME@VERSION.
  if (installedVersion(directory) !== dependencies[name].split('@').at(-1)) {
    const reason = `not installed: ${name} (npm ci --prefix tools/${folder})`;
    if (process.env['CI']) throw new Error(reason);
    context.skip(reason);
  }
  return join(directory, file);
}

const isLinuxX64 = process.platform === 'linux' && process.arch === 'x64' && !existsSync('/etc/alpine-release');

function installedVersion(directory: string): string | undefined {
  const manifest = join(directory, 'package.json');
  // That of Node.js 20.4 says v20.4.0.
  return existsSync(manifest) ? JSON.parse(readFileSync(manifest, 'utf8')).version.replace(/^v/, '') : undefined;
}
