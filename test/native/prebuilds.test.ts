import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findDrift, readManifest } from '../../scripts/prebuild/prebuild-manifest.mjs';
import { root } from '../support/package/dist.js';
import { Child } from '../support/process/child.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { readElf } from './binary-formats/elf.js';
import { readMachO } from './binary-formats/mach-o.js';
import { readPe } from './binary-formats/pe.js';

const prebuilds = join(root, 'prebuilds');
const binaries = Object.keys(readManifest(root).binaries);
const forThisPlatform = binaries.filter((file) => file.startsWith(`${process.platform}-${process.arch}/`));
const read = (file: string) => readFileSync(join(prebuilds, file));

const entryPoints = ['napi_register_module_v1', 'node_api_module_get_api_version_v1'];
const nodeApi = /^(?:napi|node_api)_/;

interface Format {
  readonly read: (bytes: Buffer) => { machine: number; exported: string[] };
  /** The size limit in bytes. */
  readonly largest: number;
  /** The format's number for each processor. */
  readonly machines: Record<string, number>;
}

const formats: Record<string, Format> = {
  linux: { read: readElf, largest: 64_000, machines: { x64: 62, arm64: 183, arm: 40 } },
  win32: { read: readPe, largest: 128_000, machines: { x64: 0x8664, arm64: 0xaa64 } },
  darwin: { read: readMachO, largest: 256_000, machines: { x64: 0x01000007, arm64: 0x0100000c } },
};

test('prebuilds/ contains the binaries in the manifest and nothing else', () => {
  const files = readdirSync(prebuilds, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const expected = ['manifest.json', ...binaries].map((file) => join(prebuilds, file));
  expect(files.sort()).toEqual(expected.sort());
});

test('every supported platform has a binary', () => {
  expect(binaries.sort()).toEqual([
    'darwin-arm64/zjj.node',
    'darwin-x64/zjj.node',
    'linux-arm/zjj.armv7.glibc.node',
    'linux-arm64/zjj.glibc.node',
    'linux-arm64/zjj.musl.node',
    'linux-x64/zjj.glibc.node',
    'linux-x64/zjj.musl.node',
    'win32-arm64/zjj.node',
    'win32-x64/zjj.node',
  ]);
});

describe.each(binaries)('%s', (file) => {
  const [, platform = '', arch = ''] = /^(\w+)-(\w+)\//.exec(file) ?? [];
  const { read: readFormat, largest, machines } = formats[platform] as Format;
  const bytes = read(file);
  const { machine, exported } = readFormat(bytes);

  test('was built from the current native/ with the pinned tools', () => {
    expect(findDrift(root, file), 'run: npm run prebuild').toBeUndefined();
  });

  test('does not contain the path of the machine that built it', () => {
    const text = bytes.toString('latin1');
    expect(text).not.toContain(root);
    expect(text).not.toMatch(/\.cache|node_modules/);
  });

  test(`is at most ${largest} bytes`, () => {
    expect(bytes.length).toBeLessThanOrEqual(largest);
  });

  test('is for the processor in the name of its folder', () => {
    expect(machine).toBe(machines[arch]);
  });

  test('exports only the two entry points of Node-API', () => {
    expect(exported.sort()).toEqual(entryPoints);
  });
});

describe.each(binaries.filter((file) => file.startsWith('linux-')))('%s', (file) => {
  const elf = readElf(read(file));

  test('is never unmapped', () => {
    const DF_1_NODELETE = 0x8n;
    expect(elf.flags1 & DF_1_NODELETE).toBe(DF_1_NODELETE);
  });

  test('has no thread-local storage, such as its own errno', () => {
    expect(elf.hasThreadLocals).toBe(false);
  });

  test('needs only the C library in its name, and glibc 2.17 at most', () => {
    if (file.endsWith('.musl.node')) {
      expect(elf.needed).toEqual(['libc.so']);
      return;
    }
    const libraries = ['libc.so.6', 'libdl.so.2', 'libpthread.so.0', 'ld-linux-aarch64.so.1', 'ld-linux-armhf.so.3'];
    expect(elf.needed.filter((library) => !libraries.includes(library))).toEqual([]);
    // Symbols without a version must come from the host.
    expect(elf.imported.filter(({ name, version }) => version === undefined && !nodeApi.test(name))).toEqual([]);
    expect(elf.imported.filter(({ version }) => version !== undefined && !isAtMost217(version))).toEqual([]);
  });
});

describe.each(binaries.filter((file) => file.startsWith('win32-')))('%s', (file) => {
  const pe = readPe(read(file));

  test('needs only libraries that every Windows has, and imports Node-API from no program by name', () => {
    const libraries = [...pe.imported.keys()].filter(
      (name) => !/^(?:kernel32|msvcrt|api-ms-win-crt-[\w-]+)\.dll$/.test(name),
    );
    expect(libraries).toEqual([]);
    expect([...pe.imported.values()].flat().filter((name) => nodeApi.test(name))).toEqual([]);
  });

  test('can keep itself loaded', () => {
    expect(pe.imported.get('kernel32.dll')).toContain('GetModuleHandleExW');
  });

  test('has no time stamp', () => {
    expect(pe.timeStamp).toBe(0);
  });
});

describe.each(binaries.filter((file) => file.startsWith('darwin-')))('%s', (file) => {
  const machO = readMachO(read(file));

  test('needs only the system library, and Node-API of the program that loads it', () => {
    expect([...machO.imported.keys()].sort()).toEqual(['/usr/lib/libSystem.B.dylib', 'flat']);
    expect(machO.imported.get('flat')?.filter((name) => !nodeApi.test(name))).toEqual([]);
  });

  test('can keep itself loaded', () => {
    expect(machO.imported.get('/usr/lib/libSystem.B.dylib')).toEqual(expect.arrayContaining(['dladdr', 'dlopen']));
  });

  test('is for macOS 11 and newer', () => {
    expect(machO.minimumVersion).toBe('11.0');
  });

  // macOS requires a signature on Apple silicon only.
  test('has a valid signature if it needs one', () => {
    expect(machO.isSignatureValid).toBe(file.includes('arm64') ? true : undefined);
  });
});

test.runIf(forThisPlatform.length > 0)('the prebuilt binary loads without a local build, and locks', async () => {
  const lock = join(temporaryDirectory(), 'lock');
  const script = `
    const nodeGypBuild = require('node-gyp-build');
    const addon = nodeGypBuild(${JSON.stringify(root)});
    addon.setup('{"pid":7,', () => {});
    const tryLock = () => addon.tryLock(${JSON.stringify(lock)}, 0, 0o666);
    const index = tryLock();
    const busy = tryLock();
    console.log(JSON.stringify([nodeGypBuild.path(${JSON.stringify(root)}), index, busy, addon.release(index, true)]));`;
  const child = Child.node(['-e', script], { cwd: root, env: { ...process.env, PREBUILDS_ONLY: '1' } });
  const [path, index, busy, released] = JSON.parse(await child.line());
  expect(forThisPlatform.map((file) => join(prebuilds, file))).toContain(path);
  expect([index, busy, released]).toEqual([0, -1, true]);
});

function isAtMost217(version: string): boolean {
  const [, major, minor] = /^GLIBC_(\d+)\.(\d+)/.exec(version) ?? [];
  return Number(major) === 2 && Number(minor) <= 17;
}
