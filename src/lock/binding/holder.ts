import { closeSync, constants, openSync, readSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename } from 'node:path';
import type { LockHolder } from '../../errors.js';
import { ownPidNamespace, startOf } from './process-identity.js';

/** In bytes: kRecordSize in native/lock/lock_record.h. */
const RECORD_SIZE = 256;

/** The most bytes that the start of a record may take. The addon appends the time. */
const MAX_RECORD_START_SIZE = 215;

/** The most bytes that the host name takes in it. On Linux that is the longest there is. */
const LONGEST_HOST_SIZE = 64;

/** The start of the mark that the store leaves at a release: kCleanMark in native/lock/lock_record.cc. */
const CLEAN_MARK = 'released by the zjj store at ';

/**
 * In clock ticks: two seconds. An emulator tells a process when its emulation started, and others when the emulator did.
 * No number is given out again so soon.
 */
const START_TOLERANCE = 200;

/** Characters that could change what a terminal shows. */
const CONTROL_CHARACTERS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * The start of the record that this process leaves in the lock files that it holds: JSON up to and including the comma
 * before `since`. Long names are shortened until the record fits.
 *
 * `start` and `pidns` (Linux) tell this process from others with the same number: later ones, and those in another PID
 * namespace of the host.
 */
export function recordStart(command = basename(process.argv[1] ?? process.execPath)): string {
  const numbers = { start: startOf(process.pid), pidns: ownPidNamespace() };
  const host = shortened(hostname(), LONGEST_HOST_SIZE);
  const size = Buffer.byteLength(JSON.stringify({ pid: process.pid, host, command: '', ...numbers }));
  const record = { pid: process.pid, host, command: shortened(command, MAX_RECORD_START_SIZE - size), ...numbers };
  return `${JSON.stringify(record).slice(0, -1)},`;
}

/** The holder that the lock file names. Undefined if the file has no valid record. Never throws. */
export function readHolder(lockPath: string): LockHolder | undefined {
  const record = readHolderRecord(lockPath);
  if (record === undefined) return undefined;
  const { pid, host, command, since } = record;
  return Object.freeze({
    pid,
    host: host.replace(CONTROL_CHARACTERS, '?'),
    command: command.replace(CONTROL_CHARACTERS, '?'),
    since,
    alive: isVisible(record) ? isAlive(record) : undefined,
  });
}

/** The record of an exclusive holder, as the lock file has it. */
export interface HolderRecord {
  readonly pid: number;
  readonly host: string;
  readonly command: string;
  readonly since: Date;
  /** When the process started, in clock ticks since the system did. Linux, and not in records of older versions. */
  readonly start: number | undefined;
  /** The inode number of the holder's PID namespace. Linux, and not in records of older versions. */
  readonly pidNamespace: number | undefined;
}

/** Like {@link readHolder}, but as the file has it. */
export function readHolderRecord(lockPath: string): HolderRecord | undefined {
  const text = readRecord(lockPath);
  return text === undefined ? undefined : parseRecord(text);
}

/** Whether the number of the record's process means the same process here: on this host, in this PID namespace. */
export function isVisible({ host, pidNamespace }: HolderRecord): boolean {
  return isThisHost(host) && (pidNamespace === undefined || pidNamespace === ownPidNamespace());
}

/**
 * The raw record in the lock file. It changes each time the lock changes hands. Undefined if the file has anything else.
 * Never throws.
 */
export function readRecord(lockPath: string): string | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(lockPath, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    return readRecordOf(fd);
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/**
 * Whether a lock file shows that zjj has held it: it is a whole record, the store's mark or blanks, as in
 * native/lock/lock_record.h. A lock file of another program is empty or has other contents. Never throws.
 */
export function bearsStoreMark(lockPath: string): boolean {
  const text = readRecord(lockPath);
  if (text === undefined) return false;
  return text.trimEnd() === '' || text.startsWith(CLEAN_MARK) || parseRecord(text) !== undefined;
}

/** As {@link readRecord}, from the open lock file. Throws what the system throws. */
export function readRecordOf(fd: number): string | undefined {
  const buffer = Buffer.alloc(RECORD_SIZE + 1);
  const size = readSync(fd, buffer, 0, RECORD_SIZE + 1, 0);
  return size === RECORD_SIZE ? buffer.toString('utf8', 0, size) : undefined;
}

/** `Held by pid N (COMMAND) since TIME.`, with a note on that process. Empty without a holder. */
export function describeHolder(holder: LockHolder | undefined): string {
  if (holder === undefined) return '';
  const named = `Held by pid ${holder.pid} (${holder.command}) since ${holder.since.toISOString()}`;
  if (isThisProcess(holder)) return `${named}, which is this process.`;
  if (holder.alive === undefined) {
    const place = isThisHost(holder.host) ? 'in another PID namespace of this host' : `on host ${holder.host}`;
    return `${named}, ${place}.`;
  }
  return holder.alive ? `${named}.` : `${named}; that process has exited, so another may hold it now.`;
}

/** Whether the holder is this process, and not another one that has or had the same number. */
export function isThisProcess(holder: LockHolder): boolean {
  return holder.pid === process.pid && holder.alive === true;
}

/** What a record says. Undefined if it is a blank or a mark. */
export function parseRecord(text: string): HolderRecord | undefined {
  let record: unknown;
  try {
    record = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof record !== 'object' || record === null) return undefined;
  const { pid, host, command, since, start, pidns } = record as Record<string, unknown>;
  if (!Number.isSafeInteger(pid) || (pid as number) <= 0) return undefined;
  if (typeof host !== 'string' || typeof command !== 'string' || typeof since !== 'string') return undefined;
  const time = new Date(since);
  if (Number.isNaN(time.getTime())) return undefined;
  return {
    pid: pid as number,
    host,
    command,
    since: time,
    start: typeof start === 'number' ? start : undefined,
    pidNamespace: typeof pidns === 'number' ? pidns : undefined,
  };
}

/** Cuts the text so that it takes at most so many bytes as JSON, without the quotes. */
function shortened(text: string, size: number): string {
  let short = text;
  while (short !== '' && Buffer.byteLength(JSON.stringify(short)) - 2 > size) short = short.slice(0, -1);
  return short;
}

function isThisHost(host: string): boolean {
  return host === hostname() || host === shortened(hostname(), LONGEST_HOST_SIZE);
}

/** A process that started at another time only has the same number. */
function isAlive({ pid, start }: HolderRecord): boolean {
  const found = start === undefined ? undefined : startOf(pid);
  if (start !== undefined && found !== undefined) return Math.abs(found - start) <= START_TOLERANCE;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
