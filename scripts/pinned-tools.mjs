// The packages of the folders in tools/, each of which is installed when something first needs it.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The version that a folder of tools/ pins of each package, by the name that its package.json has for it. */
export function pinnedTools(root, folder) {
  const { dependencies } = JSON.parse(readFileSync(join(root, 'tools', folder, 'package.json'), 'utf8'));
  // An alias is npm:NAME@VERSION.
  return Object.fromEntries(Object.entries(dependencies).map(([name, version]) => [name, version.split('@').at(-1)]));
}

/** The names of those that are not installed in that version. */
export function missingTools(root, folder) {
  // What npm keeps of an installation: some of these packages have no package.json, or one of another version.
  const record = join(root, 'tools', folder, 'node_modules/.package-lock.json');
  const installed = existsSync(record) ? JSON.parse(readFileSync(record, 'utf8')).packages : {};
  return Object.entries(pinnedTools(root, folder))
    .filter(([name, version]) => installed[`node_modules/${name}`]?.version !== version)
    .map(([name]) => name);
}

/** Installs what is pinned, if any of it is missing. */
export function installTools(root, folder, ...options) {
  if (missingTools(root, folder).length === 0) return;
  execFileSync('npm', ['ci', ...options, '--prefix', join(root, 'tools', folder)], { stdio: 'inherit' });
}
