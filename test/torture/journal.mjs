// The calls of one writer and their results, one per line. The journal survives a SIGKILL: it is in the page cache.
//
//   ["I", number, kind, value]     before the call: the value to write
//   ["A", number, result, ms]      after the call was acknowledged
//   ["E", number, code, cause, isWritten]   after the call failed; isWritten: the error says that the file is the new one
//   ["V", text]                    the writer saw a violation

import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';

export class Journal {
  #fd;

  constructor(path) {
    this.#fd = openSync(path, 'a');
  }

  intend(number, kind, value) {
    this.#append(['I', number, kind, value]);
  }

  acknowledge(number, result, ms) {
    this.#append(['A', number, result, ms]);
  }

  refuse(number, { code, cause, isWritten }) {
    this.#append(['E', number, code, cause, isWritten]);
  }

  violate(text) {
    this.#append(['V', text]);
  }

  /** Appends a line with a single write(2), so that the file contains the whole line or nothing of it. */
  #append(entry) {
    writeSync(this.#fd, `${JSON.stringify(entry)}\n`);
  }
}

/**
 * @returns `calls` in order and `violations`. The `outcome` of a call is 'acknowledged', 'refused' (it must have had no
 *   effect) or 'unknown' (the writer was killed, or the error leaves it open).
 */
export function readJournal(path) {
  const calls = [];
  const violations = [];
  for (const [type, ...rest] of existsSync(path) ? parseLines(readFileSync(path, 'utf8')) : []) {
    const call = calls.at(-1);
    if (type === 'I') {
      const [number, kind, value] = rest;
      calls.push({ number, kind, value, outcome: 'unknown' });
    } else if (type === 'V') {
      violations.push(rest[0]);
    } else if (call?.number !== rest[0]) {
      violations.push(`call ${rest[0]} was answered after call ${call?.number} began`);
    } else if (type === 'A') {
      call.outcome = 'acknowledged';
      call.result = rest[1];
      call.ms = rest[2];
    } else {
      call.code = rest[1];
      call.cause = rest[2] ?? undefined;
      if (isRefusal(call.code) && !rest[3]) call.outcome = 'refused';
    }
  }
  return { calls, violations };
}

/** Whether an error promises that the call had no effect. */
function isRefusal(code) {
  return code === 'ABORTED' || /^(LOCK|CONFIG)_/.test(code);
}

/** The last entries of a journal that its writer may still append to. */
export function readEnd(path) {
  let fd;
  try {
    fd = openSync(path, 'r');
  } catch {
    return [];
  }
  try {
    const buffer = Buffer.alloc(2048);
    const start = Math.max(0, fstatSync(fd).size - buffer.length);
    const text = buffer.toString('utf8', 0, readSync(fd, buffer, 0, buffer.length, start));
    return parseLines(start === 0 ? text : text.slice(text.indexOf('\n') + 1));
  } finally {
    closeSync(fd);
  }
}

/** Ignores an incomplete last line. */
function parseLines(text) {
  const lines = text.split('\n');
  lines.pop();
  return lines.map((line) => JSON.parse(line));
}
