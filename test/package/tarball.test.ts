import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { root } from '../support/package/dist.js';
import { packTarball } from '../support/package/packed.js';
import { environment } from '../support/process/run-command.js';
import { requires } from '../support/requires/requires.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

// The tarball that gets published, file by file.

/** The paths that belong in the tarball. Extend this list together with `files` in package.json. */
const EXPECTED = [
  /^(?:CHANGELOG\.md|LICENSE|README\.md|THIRD_PARTY_NOTICES\.md|package\.json)$/,
  /^dist\/(?:index|lock\/index)\.(?:js|mjs|d\.mts)$/,
  /^dist\/lock\/internal\.js$/,
  /^dist\/cli\/main\.js$/,
  /^dist\/(?:(?:config|lock|toml)\/(?:[\w-]+\/)?)?[\w-]+\.d\.ts$/,
  /^native\/\w+\.(?:cc|h)$/,
  /^native\/(?:file|lock|platform|table|wait)\/\w+\.(?:cc|h)$/,
  /^native\/(?:binding\.gyp|build-from-source\.js|exports\.map)$/,
  /^native\/headers\/LICENSE\.node-(?:addon-api|api-headers)$/,
  /^native\/headers\/include\/node\/(?:[\w.-]+\.h|common\.gypi|config\.gypi)$/,
  /^prebuilds\/manifest\.json$/,
  /^prebuilds\/[\w-]+\/zjj[.\w]*\.node$/,
];

let directory: string;
let files: string[];

beforeEach((context) => {
  requires(context, ['tar']);
  const unpacked = temporaryDirectory();
  execFileSync('tar', ['-xzf', packTarball()], { cwd: unpacked });
  // npm packs every file below this folder.
  directory = join(unpacked, 'package');
  files = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(directory.length + 1)
        .replaceAll('\\', '/'),
    )
    .sort();
});

const read = (file: string) => readFileSync(join(directory, file), 'latin1');

test('the tarball is at most 1 MB', () => {
  expect(statSync(packTarball()).size).toBeLessThan(1e6);
});

test('the tarball has exactly the expected files', () => {
  expect(files.filter((file) => !EXPECTED.some((path) => path.test(file)))).toEqual([]);
  expect(EXPECTED.filter((path) => !files.some((file) => path.test(file)))).toEqual([]);
});

test('the tarball has the binaries that the manifest names', () => {
  const { binaries } = JSON.parse(read('prebuilds/manifest.json'));
  const packed = files.filter((file) => file.endsWith('.node')).map((file) => file.replace('prebuilds/', ''));
  expect(packed).toEqual(Object.keys(binaries).sort());
  for (const file of packed) expect(statSync(join(directory, 'prebuilds', file)).size).toBe(binaries[file].size);
});

test('every file that package.json points to is in the tarball', () => {
  const manifest = JSON.parse(read('package.json'));
  const paths = (value: unknown): string[] =>
    typeof value === 'string'
      ? [value]
      : typeof value === 'object' && value !== null
        ? Object.values(value).flatMap(paths)
        : [];
  const named = [manifest.main, manifest.types, manifest.bin, manifest.exports, manifest.typesVersions].flatMap(paths);
  expect(named.length).toBeGreaterThan(8);
  expect(named.filter((path) => !existsSync(join(directory, path)))).toEqual([]);
});

test('the tarball has no script or binding.gyp that a package manager would run at install', () => {
  const { scripts, gypfile } = JSON.parse(read('package.json'));
  for (const script of ['preinstall', 'install', 'postinstall', 'preprepare', 'prepare', 'postprepare', 'prepublish']) {
    expect(scripts).not.toHaveProperty(script);
  }
  expect(gypfile).toBe(false);
  // npm compiles with any .gyp file in the root, pnpm and yarn with binding.gyp.
  expect(files.filter((file) => /^[^/]*\.gyp$/.test(file))).toEqual([]);
});

test('the tarball does not reveal where it was packed', () => {
  const registry = new URL(environment()['npm_config_registry'] ?? '').host;
  for (const secret of [root, registry, 'registry.npmjs.org', 'sourceMappingURL']) {
    expect(
      files.filter((file) => read(file).includes(secret)),
      secret,
    ).toEqual([]);
  }
});
