// Finishes a binary that zig's linker wrote. Each function changes the file in place.

import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';

/** Clears the time of the build, which the linker writes into a PE file eight bytes after its signature. */
export function clearTimeStamp(path) {
  const bytes = readFileSync(path);
  bytes.writeUInt32LE(0, bytes.readUInt32LE(0x3c) + 8);
  writeFileSync(path, bytes);
}

const LC_SYMTAB = 0x2;
const LC_CODE_SIGNATURE = 0x1d;
const LC_DYLD_INFO_ONLY = 0x80000022;
const N_EXT = 0x01;
const N_PEXT = 0x10;
const N_TYPE = 0x0e;

/**
 * Removes every export of a Mach-O file (64 bits, little-endian: <mach-o/loader.h>) except the named ones. The linker
 * takes no list of exports, and adds two symbols of its own.
 */
export function exportOnly(path, names) {
  const bytes = readFileSync(path);
  const commands = loadCommands(bytes);
  const wanted = names.map((name) => `_${name}`);
  rewriteTrie(bytes, commands.get(LC_DYLD_INFO_ONLY), wanted);
  hideSymbols(bytes, commands.get(LC_SYMTAB), wanted);
  const signature = commands.get(LC_CODE_SIGNATURE);
  if (signature !== undefined) renewHashes(bytes, bytes.readUInt32LE(signature + 8));
  writeFileSync(path, bytes);
}

/** The offset of each load command, keyed by its number. */
function loadCommands(bytes) {
  const commands = new Map();
  let at = 32;
  for (let left = bytes.readUInt32LE(16); left > 0; left -= 1) {
    commands.set(bytes.readUInt32LE(at), at);
    at += bytes.readUInt32LE(at + 4);
  }
  return commands;
}

/**
 * Writes the trie in which the dynamic linker looks up exports. Its root has one edge for each whole name, which is all
 * that the linker needs.
 */
function rewriteTrie(bytes, command, wanted) {
  const offset = bytes.readUInt32LE(command + 40);
  const size = bytes.readUInt32LE(command + 44);
  const old = bytes.subarray(offset, offset + size);
  const leaves = wanted.map((name) => {
    const info = findExport(old, name);
    if (info === undefined) throw new Error(`${name} is not exported`);
    return Buffer.from([info.length, ...info, 0]);
  });
  const edges = wanted.map((name) => Buffer.from(`${name}\0`, 'latin1'));
  // Each edge ends with the offset of its leaf. One byte holds it.
  let next = 2 + edges.reduce((sum, edge) => sum + edge.length + 1, 0);
  const offsets = leaves.map((leaf) => {
    const own = next;
    next += leaf.length;
    return own;
  });
  if (next > 0x80 || next > size) throw new Error('The trie of exports is too long');
  const root = [
    Buffer.from([0, wanted.length]),
    ...edges.flatMap((edge, index) => [edge, Buffer.from([offsets[index]])]),
  ];
  old.fill(0);
  Buffer.concat([...root, ...leaves]).copy(old);
}

/** The encoded flags and address of an exported symbol. Undefined if the trie does not have it. */
function findExport(trie, name) {
  let at = 0;
  let rest = name;
  for (;;) {
    const [size, info] = readUleb(trie, at);
    if (rest === '') return size > 0 ? [...trie.subarray(info, info + size)] : undefined;
    let edge = info + size + 1;
    let found;
    for (let left = trie[info + size]; left > 0; left -= 1) {
      const end = trie.indexOf(0, edge);
      const label = trie.toString('latin1', edge, end);
      const [child, next] = readUleb(trie, end + 1);
      if (rest.startsWith(label)) found = { child, rest: rest.slice(label.length) };
      edge = next;
    }
    if (found === undefined) return undefined;
    at = found.child;
    rest = found.rest;
  }
}

/** Reads a ULEB128 number. Returns it with the offset of the byte after it. */
function readUleb(bytes, start) {
  let value = 0;
  for (let at = start, shift = 0; ; at += 1, shift += 7) {
    value |= (bytes[at] & 0x7f) << shift;
    if (bytes[at] < 0x80) return [value, at + 1];
  }
}

/** Makes the defined external symbols private to the file, except the wanted ones. */
function hideSymbols(bytes, command, wanted) {
  const [symbols, count, strings] = [8, 12, 16].map((at) => bytes.readUInt32LE(command + at));
  for (let index = 0; index < count; index += 1) {
    const at = symbols + index * 16;
    const name = strings + bytes.readUInt32LE(at);
    const type = bytes[at + 4];
    const isDefined = (type & N_TYPE) !== 0;
    if ((type & N_EXT) === 0 || !isDefined) continue;
    if (wanted.includes(bytes.toString('latin1', name, bytes.indexOf(0, name)))) continue;
    bytes[at + 4] = (type & ~N_EXT) | N_PEXT;
  }
}

/**
 * Updates the ad-hoc signature, which holds a hash of each page that precedes it (<Kernel/kern/cs_blobs.h>). Its
 * numbers are big-endian.
 */
function renewHashes(bytes, signature) {
  const CSMAGIC_CODEDIRECTORY = 0xfade0c02;
  const directory = signature + bytes.readUInt32BE(signature + 16);
  if (bytes.readUInt32BE(directory) !== CSMAGIC_CODEDIRECTORY) throw new Error('The signature has no code directory');
  const [hashes, , , count, limit] = [16, 20, 24, 28, 32].map((at) => bytes.readUInt32BE(directory + at));
  const hashSize = bytes[directory + 36];
  const pageSize = 1 << bytes[directory + 39];
  for (let page = 0; page < count; page += 1) {
    const content = bytes.subarray(page * pageSize, Math.min((page + 1) * pageSize, limit));
    createHash('sha256')
      .update(content)
      .digest()
      .copy(bytes, directory + hashes + page * hashSize);
  }
}
