import { createHash } from 'node:crypto';

/** The parts of a library that the dynamic linker of macOS uses. */
export interface MachO {
  machine: number;
  exported: string[];
  /** Symbols by the library that provides them, or by `flat` if any library can. */
  imported: Map<string, string[]>;
  /** The oldest macOS that can load it. */
  minimumVersion: string;
  /** Undefined if the library is not signed. */
  isSignatureValid: boolean | undefined;
}

/** Reads a 64-bit little-endian library (<mach-o/loader.h>, <mach-o/nlist.h>). Throws if it is not one. */
export function readMachO(bytes: Buffer): MachO {
  if (bytes.readUInt32LE(0) !== 0xfeedfacf) throw new Error('not a Mach-O file');
  const commands: { type: number; at: number }[] = [];
  for (let at = 32; commands.length < bytes.readUInt32LE(16); at += bytes.readUInt32LE(at + 4)) {
    commands.push({ type: bytes.readUInt32LE(at), at });
  }
  const all = (type: number) => commands.filter((command) => command.type === type).map(({ at }) => at);
  const one = (type: number) => {
    const [at, ...others] = all(type);
    if (at === undefined || others.length > 0) throw new Error(`expected one load command ${type.toString(16)}`);
    return at;
  };
  const string = (at: number) => bytes.toString('latin1', at, bytes.indexOf(0, at));
  const LC_SYMTAB = 0x2;
  const LC_LOAD_DYLIB = 0xc;
  const LC_CODE_SIGNATURE = 0x1d;
  const LC_BUILD_VERSION = 0x32;
  const LC_DYLD_INFO_ONLY = 0x80000022;

  const libraries = all(LC_LOAD_DYLIB).map((at) => string(at + bytes.readUInt32LE(at + 8)));
  const imported = new Map<string, string[]>(libraries.map((library) => [library, []]));
  const [symbols, count, strings] = [8, 12, 16].map((at) => bytes.readUInt32LE(one(LC_SYMTAB) + at)) as [
    number,
    number,
    number,
  ];
  const external: string[] = [];
  for (let at = symbols; at < symbols + count * 16; at += 16) {
    const N_EXT = 0x01;
    const N_TYPE = 0x0e;
    const type = bytes.readUInt8(at + 4);
    if ((type & N_EXT) === 0) continue;
    const name = string(strings + bytes.readUInt32LE(at)).replace(/^_/, '');
    if ((type & N_TYPE) !== 0) {
      external.push(name);
      continue;
    }
    const ordinal = bytes.readUInt16LE(at + 6) >> 8;
    const library = libraries[ordinal - 1] ?? 'flat';
    imported.set(library, [...(imported.get(library) ?? []), name]);
  }

  const trie = one(LC_DYLD_INFO_ONLY) + 40;
  const exported = collectNames(bytes.subarray(bytes.readUInt32LE(trie)), 0, '');
  if (exported.sort().join() !== external.sort().join()) throw new Error('the export trie and the symbol table differ');

  const version = bytes.readUInt32LE(one(LC_BUILD_VERSION) + 12);
  const [signature] = all(LC_CODE_SIGNATURE);
  return {
    machine: bytes.readUInt32LE(4),
    exported,
    imported,
    minimumVersion: `${version >> 16}.${(version >> 8) & 0xff}`,
    isSignatureValid: signature === undefined ? undefined : areHashesValid(bytes, bytes.readUInt32LE(signature + 8)),
  };
}

/** Returns the names below a node of the export trie. The format is in <mach-o/loader.h> at LC_DYLD_INFO. */
function collectNames(trie: Buffer, node: number, prefix: string): string[] {
  const size = trie.readUInt8(node);
  const names = size > 0 ? [prefix.replace(/^_/, '')] : [];
  let at = node + 1 + size;
  const children = trie.readUInt8(at);
  at += 1;
  for (let index = 0; index < children; index += 1) {
    const end = trie.indexOf(0, at);
    const label = trie.toString('latin1', at, end);
    // The trie is short enough that each offset is one byte.
    const child = trie.readUInt8(end + 1);
    if (child >= 0x80) throw new Error('an export trie with long offsets');
    names.push(...collectNames(trie, child, prefix + label));
    at = end + 2;
  }
  return names;
}

/** The kernel kills a process that uses a page whose hash differs from the signature's (<Kernel/kern/cs_blobs.h>). */
function areHashesValid(bytes: Buffer, signature: number): boolean {
  const directory = signature + bytes.readUInt32BE(signature + 16);
  const [hashes, count, limit] = [16, 28, 32].map((at) => bytes.readUInt32BE(directory + at)) as [
    number,
    number,
    number,
  ];
  const pageSize = 2 ** bytes.readUInt8(directory + 39);
  const pages = Array.from({ length: Math.ceil(limit / pageSize) }, (_, index) =>
    createHash('sha256')
      .update(bytes.subarray(index * pageSize, Math.min((index + 1) * pageSize, limit)))
      .digest('hex'),
  );
  const signed = pages.map((_, index) =>
    bytes.toString('hex', directory + hashes + index * 32, directory + hashes + index * 32 + 32),
  );
  return count === pages.length && limit === signature && pages.join() === signed.join();
}
