import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** The folders below src/, native/, test/ and tools/ that .gitignore keeps out of the repository. */
const GENERATED = /(?:^|\/)node_modules$|^native\/(?:build|headers)$/;

/**
 * Lists the files that the repository tracks below some paths. It walks the folders, because git refuses a clone that
 * another user owns, and CI may run without git.
 *
 * @param root - The root of the repository.
 * @param paths - Files and folders relative to `root`. A path that does not exist is an error.
 * @returns Paths relative to `root`, with forward slashes, sorted by code unit.
 */
export function listFiles(root, paths) {
  return [...new Set(paths.flatMap((path) => filesBelow(root, path)))].sort();
}

function filesBelow(root, path) {
  if (!statSync(join(root, path)).isDirectory()) return [path];
  if (GENERATED.test(path)) return [];
  return readdirSync(join(root, path)).flatMap((name) => filesBelow(root, `${path}/${name}`));
}
