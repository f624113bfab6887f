/** The parts of a DLL that the loader of Windows uses. */
export interface Pe {
  machine: number;
  timeStamp: number;
  exported: string[];
  /** Functions by the lower-case name of the DLL that provides them. */
  imported: Map<string, string[]>;
}

/** Reads a DLL for 64-bit Windows ("PE Format" in Microsoft's documentation). Throws if it is not one. */
export function readPe(bytes: Buffer): Pe {
  const header = bytes.readUInt32LE(0x3c);
  if (bytes.toString('latin1', header, header + 4) !== 'PE\0\0') throw new Error('not a PE file');
  const optional = header + 24;
  if (bytes.readUInt16LE(optional) !== 0x20b) throw new Error('not for 64 bits');
  const sections = Array.from({ length: bytes.readUInt16LE(header + 6) }, (_, index) => {
    const at = optional + bytes.readUInt16LE(header + 20) + index * 40;
    const [size, address, , offset] = [8, 12, 16, 20].map((field) => bytes.readUInt32LE(at + field)) as [
      number,
      number,
      number,
      number,
    ];
    return { size, address, offset };
  });
  /** Converts an address in memory to an offset in the file. */
  const offsetOf = (address: number) => {
    const section = sections.find((each) => address >= each.address && address < each.address + each.size);
    if (section === undefined) throw new Error(`no section has the address ${address}`);
    return section.offset + address - section.address;
  };
  const string = (address: number) => {
    const at = offsetOf(address);
    return bytes.toString('latin1', at, bytes.indexOf(0, at));
  };

  const [exportTable, importTable] = [112, 120].map((at) => offsetOf(bytes.readUInt32LE(optional + at))) as [
    number,
    number,
  ];
  const names = offsetOf(bytes.readUInt32LE(exportTable + 32));
  const exported = Array.from({ length: bytes.readUInt32LE(exportTable + 24) }, (_, index) =>
    string(bytes.readUInt32LE(names + index * 4)),
  );
  const imported = new Map<string, string[]>();
  for (let at = importTable; bytes.readUInt32LE(at) !== 0; at += 20) {
    const functions: string[] = [];
    // A name follows a two-byte hint. The top bit marks an ordinal instead of a name.
    for (let entry = offsetOf(bytes.readUInt32LE(at)); ; entry += 8) {
      const value = bytes.readBigUInt64LE(entry);
      if (value === 0n) break;
      functions.push(value >> 63n === 1n ? `#${value & 0xffffn}` : string(Number(value) + 2));
    }
    imported.set(string(bytes.readUInt32LE(at + 12)).toLowerCase(), functions);
  }
  return {
    machine: bytes.readUInt16LE(header + 4),
    timeStamp: bytes.readUInt32LE(header + 8),
    exported,
    imported,
  };
}
