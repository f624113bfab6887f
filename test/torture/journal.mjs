// What one writer meant to do and what it was told, line by line: the file outlives a SIGKILL, as the page cache does.
//
//   ["I", number, kind, value]     before the call: what it is to write
//   ["A", number, result, ms]      right after it was acknowledged
//   ["E", number, code, cause]     after it failed
//   ["V", text]                    something was seen that must not be

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

  refuse(number, code, cause) {
    this.#append(['E', number, code, cause]);
  }

  violate(text) {
    this.#append(['V', text]);
  }

  /** One write each, so that a line is there whole or not at all. */
  #append(entry) {
    writeSync(this.#fd, `${JSON.stringify(entry)}\n`);
  }
}

/**
 * @returns `calls` in order, each with `outcome` 'acknowledged', 'refused' (it must have had no effect) or 'unknown'
 *   (killed meanwhile, or an error that leaves it open); and `violations`.
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
      violations.push(`the answer to call ${rest[0]} came after call ${call?.number}`);
    } else if (type === 'A') {
      call.outcome = 'acknowledged';
      call.result = rest[1];
      call.ms = rest[2];
    } else {
      call.code = rest[1];
      call.cause = rest[2] ?? undefined;
      if (call.code === 'LOCK_TIMEOUT' || call.code === 'ABORTED') call.outcome = 'refused';
    }
  }
  return { calls, violations };
}

/** The last lines of a journal that others may be writing. */
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

/** Without a last line that has no end. */
function parseLines(text) {
  const lines = text.split('\n');
  lines.pop();
  return lines.map((line) => JSON.parse(line));
}
