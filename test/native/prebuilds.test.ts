import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findDrift, readManifest } from '../../scripts/prebuild-manifest.mjs';
import { Child } from '../support/child.js';
import { root } from '../support/dist.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const prebuilds = join(root, 'prebuilds');
const binaries = Object.keys(readManifest(root).binaries);
const here = binaries.filter((file) => file.startsWith(`${process.platform}-${process.arch}/`));

const entryPoints = ['napi_register_module_v1', 'node_api_module_get_api_version_v1'];
const nodeApi = /^(?:napi|node_api)_/;

test('prebuilds/ holds the binaries that the manifest names, and nothing else', () => {
  const files = readdirSync(prebuilds, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const expected = ['manifest.json', ...binaries].map((file) => join(prebuilds, file));
  expect(files.sort()).toEqual(expected.sort());
});

test('there is one for Linux on x64 with glibc', () => {
  expect(binaries).toContain('linux-x64/zjj.glibc.node');
});

describe.each(binaries)('%s', (file) => {
  test('was built from native/ as it is, with the tools that are pinned', () => {
    expect(findDrift(root, file), 'npm run prebuild makes it anew').toBeUndefined();
  });
});

describe.each(binaries.filter((file) => file.startsWith('linux-')))('%s', (file) => {
  const bytes = readFileSync(join(prebuilds, file));
  const elf = readElf(bytes);

  test('is at most 64 kB', () => {
    expect(bytes.length).toBeLessThanOrEqual(64 * 1024);
  });

  test('exports only the two entry points of Node-API', () => {
    expect(elf.exported.sort()).toEqual(entryPoints);
  });

  test('is never unmapped', () => {
    const DF_1_NODELETE = 0x8n;
    expect(elf.flags1 & DF_1_NODELETE).toBe(DF_1_NODELETE);
  });

  test('has no thread-local storage, such as an errno of its own', () => {
    expect(elf.hasThreadLocals).toBe(false);
  });

  test.runIf(file.endsWith('.glibc.node'))('needs only the C library, of version 2.17 or older', () => {
    const libraries = ['libc.so.6', 'libdl.so.2', 'libpthread.so.0', 'ld-linux-aarch64.so.1', 'ld-linux-armhf.so.3'];
    expect(elf.needed.filter((library) => !libraries.includes(library))).toEqual([]);
    // What has no version comes from the host, or from nowhere.
    expect(elf.imported.filter(({ name, version }) => version === undefined && !nodeApi.test(name))).toEqual([]);
    expect(elf.imported.filter(({ version }) => version !== undefined && !isAtMost217(version))).toEqual([]);
  });
});

test.runIf(here.length > 0)('the prebuilt binary loads where there is no local build, and locks', async () => {
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
  expect(here.map((file) => join(prebuilds, file))).toContain(path);
  expect([index, busy, released]).toEqual([0, -1, true]);
});

function isAtMost217(version: string): boolean {
  const [, major, minor] = /^GLIBC_(\d+)\.(\d+)/.exec(version) ?? [];
  return Number(major) === 2 && Number(minor) <= 17;
}

interface Elf {
  exported: string[];
  imported: { name: string; version: string | undefined }[];
  needed: string[];
  flags1: bigint;
  hasThreadLocals: boolean;
}

/** What the dynamic linker sees of a little-endian ELF file (elf(5)). */
function readElf(bytes: Buffer): Elf {
  const is64 = bytes.readUInt8(4) === 2;
  const word = (at: number) => (is64 ? bytes.readBigUInt64LE(at) : BigInt(bytes.readUInt32LE(at)));
  const wordSize = is64 ? 8 : 4;
  const string = (at: number) => bytes.toString('latin1', at, bytes.indexOf(0, at));

  const sectionTable = Number(word(is64 ? 0x28 : 0x20));
  const sectionSize = bytes.readUInt16LE(is64 ? 0x3a : 0x2e);
  const sections = Array.from({ length: bytes.readUInt16LE(is64 ? 0x3c : 0x30) }, (_, index) => {
    const at = sectionTable + index * sectionSize;
    return {
      type: bytes.readUInt32LE(at + 4),
      flags: word(at + 8),
      offset: Number(word(at + 8 + 2 * wordSize)),
      size: Number(word(at + 8 + 3 * wordSize)),
    };
  });
  const sectionOf = (type: number) => sections.find((section) => section.type === type);
  const SHT_STRTAB = 3;
  const SHT_DYNAMIC = 6;
  const SHT_DYNSYM = 11;
  const SHT_GNU_verneed = 0x6ffffffe;
  const SHT_GNU_versym = 0x6fffffff;
  const SHF_ALLOC = 2n;
  const SHF_TLS = 0x400n;
  const symbols = sectionOf(SHT_DYNSYM);
  const dynamic = sectionOf(SHT_DYNAMIC);
  const strings = sections.find(({ type, flags }) => type === SHT_STRTAB && (flags & SHF_ALLOC) !== 0n)?.offset;
  if (symbols === undefined || dynamic === undefined || strings === undefined) throw new Error('no dynamic symbols');

  const versions = new Map<number, string>();
  const verneed = sectionOf(SHT_GNU_verneed);
  for (let at = verneed?.offset, next = 1; at !== undefined && next !== 0; at += next) {
    for (let entry = at + bytes.readUInt32LE(at + 8), step = 1; step !== 0; entry += step) {
      versions.set(bytes.readUInt16LE(entry + 6), string(strings + bytes.readUInt32LE(entry + 8)));
      step = bytes.readUInt32LE(entry + 12);
    }
    next = bytes.readUInt32LE(at + 12);
  }

  const elf: Elf = {
    exported: [],
    imported: [],
    needed: [],
    flags1: 0n,
    hasThreadLocals: sections.some(({ flags }) => (flags & SHF_TLS) !== 0n),
  };
  const versym = sectionOf(SHT_GNU_versym)?.offset;
  const STB_WEAK = 2;
  const symbolSize = is64 ? 24 : 16;
  for (let index = 1; index < symbols.size / symbolSize; index += 1) {
    const at = symbols.offset + index * symbolSize;
    const name = string(strings + bytes.readUInt32LE(at));
    const binding = bytes.readUInt8(at + (is64 ? 4 : 12)) >> 4;
    const isDefined = bytes.readUInt16LE(at + (is64 ? 6 : 14)) !== 0;
    if (isDefined) {
      elf.exported.push(name);
    } else if (binding !== STB_WEAK) {
      const version = versym === undefined ? undefined : versions.get(bytes.readUInt16LE(versym + index * 2));
      elf.imported.push({ name, version });
    }
  }

  const DT_NEEDED = 1n;
  const DT_FLAGS_1 = 0x6ffffffbn;
  for (let at = dynamic.offset; at < dynamic.offset + dynamic.size; at += 2 * wordSize) {
    const value = word(at + wordSize);
    if (word(at) === DT_NEEDED) elf.needed.push(string(strings + Number(value)));
    if (word(at) === DT_FLAGS_1) elf.flags1 = value;
  }
  return elf;
}
