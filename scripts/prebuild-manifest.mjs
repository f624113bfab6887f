// What ties the prebuilt binaries to native/: prebuilds/manifest.json, how it is made, and how it is checked.

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { pinnedTools } from './pinned-tools.mjs';

/** Of `native/` what a binary is made from: binding.gyp, for one, is for whoever builds from source. */
const SOURCE = /\.(cc|h|cmake|map|sh)$|^CMakeLists\.txt$/;
/** Folders of `native/` that builds write to. */
const GENERATED = /^(?:headers|build)\//;

export function sourceFiles(root) {
  const names = readdirSync(join(root, 'native'), { recursive: true })
    .map((name) => name.replaceAll(sep, '/'))
    .filter((name) => SOURCE.test(name) && !GENERATED.test(name));
  // Array.prototype.sort compares code units, so the order is the same in every locale.
  return ['CMakeLists.txt', ...names.map((name) => `native/${name}`)].sort();
}

/** The same after a checkout with CRLF line ends. */
export function sourceHash(root) {
  const whole = createHash('sha256');
  for (const file of sourceFiles(root)) {
    const text = readFileSync(join(root, file), 'latin1').replaceAll('\r\n', '\n');
    whole.update(`${file}\0`).update(createHash('sha256').update(text, 'latin1').digest());
  }
  return whole.digest('hex');
}

const TOOLS = ['cmake-js', 'node-addon-api', 'node-api-headers', 'prebuildify'];

/** Pinned exactly in both files, so what they say is what `npm ci` installs. */
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

/** What the manifest holds of the binary `file` (relative to prebuilds/), built just now with `flags` by `compiler`. */
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

/** Why the manifest's binary `file` is not what a build would give now; undefined when it is. */
export function findDrift(root, file) {
  const entry = readManifest(root).binaries[file];
  if (entry === undefined) return 'is not in the manifest';
  if (!existsSync(join(root, 'prebuilds', file))) return 'is not there';
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
