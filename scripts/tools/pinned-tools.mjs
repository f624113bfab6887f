// The packages that each folder of tools/ pins. A folder is installed when something first needs it.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The version of each package that a folder of tools/ pins, keyed by its name in that folder's package.json. */
export function pinnedTools(root, folder) {
  const { dependencies } = JSON.parse(readFileSync(join(root, 'tools', folder, 'package.json'), 'utf8'));
  // An alias reads npm:NAME@VERSION.
  return Object.fromEntries(Object.entries(dependencies).map(([name, version]) => [name, version.split('@').at(-1)]));
}

/** The names of the pinned packages that are not installed in the pinned version. */
export function missingTools(root, folder) {
  // npm's own record: some of these packages have no package.json, or one with another version.
  const record = join(root, 'tools', folder, 'node_modules/.package-lock.json');
  const installed = existsSync(record) ? JSON.parse(readFileSync(record, 'utf8')).packages : {};
  return Object.entries(pinnedTools(root, folder))
    .filter(([name, version]) => installed[`node_modules/${name}`]?.version !== version)
    .map(([name]) => name);
}

/** Installs a folder of tools/ unless every package in it is installed already. */
export function installTools(root, folder, ...options) {
  if (missingTools(root, folder).length === 0) return;
  execFileSync('npm', ['ci', ...options, '--prefix', join(root, 'tools', folder)], { stdio: 'inherit' });
}
