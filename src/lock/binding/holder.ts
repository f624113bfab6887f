import { closeSync, constants, openSync, readSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename } from 'node:path';
import type { LockHolder } from '../../errors.js';

/** In bytes: kRecordSize in native/lock/lock_record.h. */
const RECORD_SIZE = 256;

/** The most bytes that the start of a record may take. The addon appends the time. */
const MAX_RECORD_START_SIZE = 200;

/** The start of the mark that the store leaves at a release: kCleanMark in native/lock/lock_record.cc. */
const CLEAN_MARK = 'released by the zjj store at ';

/** Characters that could change what a terminal shows. */
const CONTROL_CHARACTERS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * The start of the record that this process leaves in the lock files that it holds: JSON up to and including the comma
 * before `since`. It shortens `command` until the record fits.
 */
export function recordStart(command = basename(process.argv[1] ?? process.execPath)): string {
  const host = hostname();
  for (let length = command.length; length >= 0; length--) {
    const json = JSON.stringify({ pid: process.pid, host, command: command.slice(0, length) });
    const start = `${json.slice(0, -1)},`;
    if (Buffer.byteLength(start) <= MAX_RECORD_START_SIZE) return start;
  }
  return `{"pid":${process.pid},"host":"","command":"",`;
}

/** The holder that the lock file names. Undefined if the file has no valid record. Never throws. */
export function readHolder(lockPath: string): LockHolder | undefined {
  const text = readRecord(lockPath);
  return text === undefined ? undefined : parseRecord(text);
}

/** The raw record in the lock file. It changes each time the lock changes hands. Never throws. */
export function readRecord(lockPath: string): string | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(lockPath, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const buffer = Buffer.alloc(RECORD_SIZE);
    return buffer.toString('utf8', 0, readSync(fd, buffer, 0, RECORD_SIZE, 0));
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/**
 * Whether a lock file shows that zjj has held it: it begins with a whole record, the store's mark or blanks, as in
 * native/lock/lock_record.h. A lock file of another program is empty or has other contents. Never throws.
 */
export function bearsStoreMark(lockPath: string): boolean {
  const text = readRecord(lockPath) ?? '';
  if (Buffer.byteLength(text) !== RECORD_SIZE) return false;
  return text.trimEnd() === '' || text.startsWith(CLEAN_MARK) || parseRecord(text) !== undefined;
}

/** Whether the holder is this process. */
export function isThisProcess(holder: LockHolder): boolean {
  return holder.pid === process.pid && holder.host === hostname();
}

/** `Held by pid N (COMMAND) since TIME.`, with a note on that process. Empty without a holder. */
export function describeHolder(holder: LockHolder | undefined): string {
  if (holder === undefined) return '';
  const named = `Held by pid ${holder.pid} (${holder.command}) since ${holder.since.toISOString()}`;
  if (isThisProcess(holder)) return `${named}, which is this process.`;
  if (holder.alive === undefined) return `${named}, on host ${holder.host}.`;
  return holder.alive ? `${named}.` : `${named}; that process has exited, so another may hold it now.`;
}

function parseRecord(text: string): LockHolder | undefined {
  let record: unknown;
  try {
    record = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof record !== 'object' || record === null) return undefined;
  const { pid, host, command, since } = record as Record<string, unknown>;
  if (!Number.isSafeInteger(pid) || (pid as number) <= 0) return undefined;
  if (typeof host !== 'string' || typeof command !== 'string' || typeof since !== 'string') return undefined;
  const time = new Date(since);
  if (Number.isNaN(time.getTime())) return undefined;
  return Object.freeze({
    pid: pid as number,
    host: host.replace(CONTROL_CHARACTERS, '?'),
    command: command.replace(CONTROL_CHARACTERS, '?'),
    since: time,
    alive: host === hostname() ? isAlive(pid as number) : undefined,
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
