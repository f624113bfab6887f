import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { root } from '../support/package/dist.js';
import { tarball } from '../support/package/packed.js';
import { environment } from '../support/process/user.js';
import { requires } from '../support/requires/requires.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

// What is published: the tarball, file by file.

/** Whatever may be in it, by its place; what `files` in package.json is given, this must be given too. */
const MEANT = [
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
  execFileSync('tar', ['-xzf', tarball()], { cwd: unpacked });
  // npm puts all of it in there.
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

test('it is at most 1 MB', () => {
  expect(statSync(tarball()).size).toBeLessThan(1e6);
});

test('it holds what is meant, and nothing else', () => {
  expect(files.filter((file) => !MEANT.some((meant) => meant.test(file)))).toEqual([]);
  expect(MEANT.filter((meant) => !files.some((file) => meant.test(file)))).toEqual([]);
});

test('it holds the binaries that the manifest names', () => {
  const { binaries } = JSON.parse(read('prebuilds/manifest.json'));
  const held = files.filter((file) => file.endsWith('.node')).map((file) => file.replace('prebuilds/', ''));
  expect(held).toEqual(Object.keys(binaries).sort());
  for (const file of held) expect(statSync(join(directory, 'prebuilds', file)).size).toBe(binaries[file].size);
});

test('every file that its package.json points to is there', () => {
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

test('it has nothing that a package manager would run or compile', () => {
  const { scripts, gypfile } = JSON.parse(read('package.json'));
  for (const script of ['preinstall', 'install', 'postinstall', 'preprepare', 'prepare', 'postprepare', 'prepublish']) {
    expect(scripts).not.toHaveProperty(script);
  }
  expect(gypfile).toBe(false);
  // npm would take any, pnpm and yarn this one.
  expect(files.filter((file) => /^[^/]*\.gyp$/.test(file))).toEqual([]);
});

test('it tells nothing of where it was made', () => {
  const registry = new URL(environment()['npm_config_registry'] ?? '').host;
  for (const traitor of [root, registry, 'registry.npmjs.org', 'sourceMappingURL']) {
    expect(
      files.filter((file) => read(file).includes(traitor)),
      traitor,
    ).toEqual([]);
  }
});
