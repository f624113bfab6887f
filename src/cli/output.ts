import { fstatSync, writeSync } from 'node:fs';
import { escapeCharacters } from '../toml/index.js';
import { type ExitCode, exitCodes, type Failure, failureOf } from './exit-codes.js';

/** When to color: as the terminal and the environment say, or as the caller does. */
export type ColorChoice = 'auto' | 'always' | 'never';

/** How a call wants its answer. */
export interface Presentation {
  /** Answers and errors as JSON. */
  readonly json?: boolean;
  /** Nothing but data and errors. */
  readonly quiet?: boolean;
  readonly color?: ColorChoice;
}

const stdout = 1;
const stderr = 2;
const green = 32;
const red = 31;

/** The command's two streams: data on standard output, errors and notices on standard error. */
export class Output {
  readonly #presentation: Presentation;

  constructor(presentation: Presentation = {}) {
    this.#presentation = presentation;
  }

  get isJson(): boolean {
    return this.#presentation.json ?? false;
  }

  get isQuiet(): boolean {
    return this.#presentation.quiet ?? false;
  }

  /** Prints text as it is: our own, or JSON, which escapes what it must. */
  print(text: string): void {
    write(stdout, `${text}\n`);
  }

  /** Prints lines that hold what the files hold; no control character among it reaches the terminal. */
  printLines(lines: readonly string[]): void {
    if (lines.length > 0) this.print(lines.map(escapeControls).join('\n'));
  }

  /** Prints what was done, a line each. */
  confirm(deeds: readonly string[]): void {
    const mark = paint('✓', green, stdout, this.#presentation.color);
    this.print(deeds.map((deed) => `${mark} ${escapeControls(deed)}`).join('\n'));
  }

  /** Says on standard error what the command is waiting for. */
  notice(text: string): void {
    this.#tell(escapeControls(text));
  }

  /** Reports whatever was thrown and returns the status to exit with. */
  fail(error: unknown): ExitCode {
    // Whoever read the output has seen enough, as in `zjj config | head -1`.
    if (error instanceof ClosedOutputError) return exitCodes.ok;
    const failure = failureOf(error);
    this.#tell(this.#errorLine(failure));
    return failure.exitCode;
  }

  #tell(line: string): void {
    try {
      write(stderr, `${line}\n`);
    } catch {
      // Nowhere is left to say it; the exit status still does.
    }
  }

  #errorLine({ code, message }: Failure): string {
    if (this.isJson) return escapeControls(JSON.stringify({ error: { code, message } }));
    const label = paint('Error:', red, stderr, this.#presentation.color);
    const lines = ownTexts.has(code) ? message.split('\n') : [message];
    return `${label} ${lines.map(escapeControls).join('\n')}`;
  }
}

/** The codes of messages whose line breaks are ours and not those of a key or a path. */
const ownTexts: ReadonlySet<string> = new Set(['ADDON_LOAD', 'INTERNAL']);

/** Standard output's reader is gone. */
class ClosedOutputError extends Error {}

const controls = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

/** Escapes the characters that a terminal obeys instead of showing, line breaks included, as TOML and JSON do. */
export function escapeControls(text: string): string {
  return escapeCharacters(text, controls);
}

function paint(text: string, color: number, stream: number, choice: ColorChoice = 'auto'): string {
  return isColored(stream, choice) ? `\x1b[${color}m${text}\x1b[0m` : text;
}

function isColored(stream: number, choice: ColorChoice): boolean {
  if (choice !== 'auto') return choice === 'always';
  const { FORCE_COLOR: force, NO_COLOR: no, TERM: terminal } = process.env;
  if (force !== undefined && force !== '') return force !== '0' && force !== 'false';
  return !no && terminal !== 'dumb' && isTerminal(stream);
}

function isTerminal(stream: number): boolean {
  return isCharacterDevice(stream) && (stream === stdout ? process.stdout : process.stderr).isTTY === true;
}

/** Asked before process.stdout, whose first use loads 4 ms of modules, in a command that lives for 60. */
function isCharacterDevice(stream: number): boolean {
  try {
    return fstatSync(stream).isCharacterDevice();
  } catch {
    return false;
  }
}

function write(stream: number, text: string): void {
  // Only Node's own stream turns UTF-8 into what a Windows console shows.
  if (process.platform === 'win32' && isTerminal(stream)) {
    (stream === stdout ? process.stdout : process.stderr).write(text);
    return;
  }
  let rest = Buffer.from(text);
  while (rest.length > 0) rest = rest.subarray(writeSome(stream, rest));
}

function writeSome(stream: number, bytes: Uint8Array): number {
  try {
    return writeSync(stream, bytes);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EPIPE') throw new ClosedOutputError();
    if (code !== 'EAGAIN') throw error;
    // A pipe that somebody else made non-blocking is full.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    return 0;
  }
}
