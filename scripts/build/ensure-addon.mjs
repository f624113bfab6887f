// Makes sure that a clone loads an addon built from its own sources: the prebuilt binary if it is current, otherwise a
// local build by cmake-js.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import { readManifest, sourceHash } from '../prebuild/prebuild-manifest.mjs';

const require = createRequire(import.meta.url);

export function ensureAddon(root) {
  const hash = sourceHash(root);
  const localBuild = join(root, 'build', 'Release', 'zjj.node');
  const stamp = join(root, 'build', 'source-hash');
  if (existsSync(localBuild)) {
    if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return;
    // node-gyp-build prefers a local build to a prebuilt binary, so a stale one has to go.
    rmSync(join(root, 'build'), { recursive: true });
  }
  if (isPrebuilt(root, hash)) return;
  // With PREBUILDS_ONLY, node-gyp-build ignores a local build.
  if (process.env.PREBUILDS_ONLY) throw new Error('This platform has no prebuilt binary that is up to date');
  compile(root);
  writeFileSync(stamp, hash);
}

function isPrebuilt(root, hash) {
  let file;
  try {
    file = require('node-gyp-build').path(root);
  } catch {
    return false;
  }
  const name = relative(join(root, 'prebuilds'), file).replaceAll(sep, '/');
  return readManifest(root).binaries[name]?.source === hash;
}

function compile(root) {
  const cmakeJs = join(dirname(require.resolve('cmake-js/package.json')), 'bin', 'cmake-js');
  const { status } = spawnSync(process.execPath, [cmakeJs, '--out', 'build', '--log-level', 'warn', 'compile'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) {
    throw new Error('Cannot build the addon: it needs CMake and a C++17 compiler (apt-get install cmake g++)');
  }
}
