/** The parts of an ELF file that the dynamic linker uses. */
export interface Elf {
  machine: number;
  exported: string[];
  imported: { name: string; version: string | undefined }[];
  needed: string[];
  flags1: bigint;
  hasThreadLocals: boolean;
}

/** Reads a little-endian ELF file (elf(5)). Throws if it is not one, or has no dynamic symbols. */
export function readElf(bytes: Buffer): Elf {
  if (bytes.toString('latin1', 0, 4) !== '\x7fELF') throw new Error('not an ELF file');
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
    machine: bytes.readUInt16LE(0x12),
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
