// prebuilds/manifest.json ties each prebuilt binary to the sources in native/ and to the tools that built it. This
// module writes an entry, and compares an entry with the tree.

import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashFiles } from '../tools/hash-files.mjs';
import { listFiles } from '../tools/list-files.mjs';
import { pinnedTools } from '../tools/pinned-tools.mjs';

/** The files of native/ that a prebuilt binary is made from. binding.gyp serves builds from source only. */
const SOURCE = /\.(?:cc|h|cmake|map|sh)$|(?:^|\/)CMakeLists\.txt$/;

/** The files that prebuilt binaries are made from, in any subfolder of native/. */
export function sourceFiles(root) {
  return listFiles(root, ['CMakeLists.txt', 'native']).filter((file) => SOURCE.test(file));
}

/** The hash of {@link sourceFiles}. */
export function sourceHash(root) {
  return hashFiles(root, sourceFiles(root));
}

const TOOLS = ['cmake-js', 'node-addon-api', 'node-api-headers', 'prebuildify'];

/** Both files pin exact versions, so these are the versions that `npm ci` installs. */
function pinnedVersions(root) {
  return { ...readJson(join(root, 'package.json')).devDependencies, ...pinnedTools(root, 'cross') };
}

export function readManifest(root) {
  const path = manifestPath(root);
  return existsSync(path) ? readJson(path) : { binaries: {} };
}

export function manifestPath(root) {
  return join(root, 'prebuilds/manifest.json');
}

/** The manifest's entry for a binary that was just built. `file` is relative to prebuilds/. */
export function describeBinary(root, file, flags, compiler) {
  const bytes = readFileSync(join(root, 'prebuilds', file));
  const versions = pinnedVersions(root);
  return {
    sha256: createHash('sha256').update(bytes).digest('hex'),
    size: bytes.length,
    flags,
    source: sourceHash(root),
    tools: Object.fromEntries([...TOOLS, compiler].map((name) => [name, versions[name]])),
  };
}

/** Says why a build would now give another binary than the manifest's `file`. Undefined if the binary is current. */
export function findDrift(root, file) {
  const entry = readManifest(root).binaries[file];
  if (entry === undefined) return 'is not in the manifest';
  if (!existsSync(join(root, 'prebuilds', file))) return 'does not exist';
  const compiler = Object.keys(entry.tools).find((name) => !TOOLS.includes(name));
  const now = describeBinary(root, file, entry.flags, compiler);
  if (now.sha256 !== entry.sha256 || now.size !== entry.size) return 'is not the file that was built';
  if (now.source !== entry.source) return 'was built from other sources than those in native/';
  if (JSON.stringify(now.tools) !== JSON.stringify(entry.tools)) return 'was built with other tools';
  return undefined;
}

function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}
