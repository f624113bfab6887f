import { fstatSync, writeSync } from 'node:fs';
import { escapeCharacters } from '../toml/index.js';
import { type ExitCode, exitCodes, type Failure, failureOf } from './exit-codes.js';

/** When to use color. `auto` depends on the terminal and the environment. */
export type ColorChoice = 'auto' | 'always' | 'never';

/** How to print results. */
export interface Presentation {
  /** Print results and errors as JSON. */
  readonly json?: boolean;
  /** Print only data and errors. */
  readonly quiet?: boolean;
  readonly color?: ColorChoice;
}

const stdout = 1;
const stderr = 2;
const green = 32;
const red = 31;

/** The command's two streams: data goes to standard output, errors and notices go to standard error. */
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

  /** Prints text unescaped. For the command's own text, and for JSON from {@link jsonLine} or jsonText. */
  print(text: string): void {
    write(stdout, `${text}\n`);
  }

  /** Prints lines that contain keys, values or paths. Their control characters are escaped. */
  printLines(lines: readonly string[]): void {
    if (lines.length > 0) this.print(lines.map(escapeControls).join('\n'));
  }

  /** Prints a line with a check mark for each change that was made. */
  printDone(lines: readonly string[]): void {
    const mark = paint('✓', green, stdout, this.#presentation.color);
    this.print(lines.map((line) => `${mark} ${escapeControls(line)}`).join('\n'));
  }

  /** Prints a line on standard error that is not an error. */
  printNotice(text: string): void {
    this.#printToStderr(escapeControls(text));
  }

  /** Prints a warning on standard error, with --quiet too. With --json it is an object on a line of its own. */
  printWarning(message: string): void {
    this.#printToStderr(this.isJson ? jsonLine({ warning: { message } }) : escapeControls(`Warning: ${message}`));
  }

  /** Reports anything that was thrown, and returns the exit status. */
  fail(error: unknown): ExitCode {
    // The reader of standard output has closed it, as in `zjj config | head -1`.
    if (error instanceof ClosedOutputError) return exitCodes.ok;
    const failure = failureOf(error);
    this.#printToStderr(this.#errorLine(failure));
    return failure.exitCode;
  }

  #printToStderr(line: string): void {
    try {
      write(stderr, `${line}\n`);
    } catch {
      // Standard error is closed. The exit status still reports the failure.
    }
  }

  #errorLine({ code, message }: Failure): string {
    if (this.isJson) return jsonLine({ error: { code, message } });
    const label = paint('Error:', red, stderr, this.#presentation.color);
    const lines = multilineCodes.has(code) ? message.split('\n') : [message];
    return `${label} ${lines.map(escapeControls).join('\n')}`;
  }
}

/** Codes whose messages have line breaks on purpose. In other messages, a line break comes from a key or a path. */
const multilineCodes: ReadonlySet<string> = new Set(['ADDON_LOAD', 'INTERNAL']);

/** The reader of standard output has closed it. */
class ClosedOutputError extends Error {}

const controls = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

/** Escapes characters that a terminal obeys instead of showing, line breaks too. TOML and JSON share the escapes. */
export function escapeControls(text: string): string {
  return escapeCharacters(text, controls);
}

/** JSON on one line. JSON.stringify leaves DEL, C1 and bidirectional controls raw, and a terminal obeys them. */
export function jsonLine(value: unknown): string {
  return escapeControls(JSON.stringify(value));
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

/** Checked before process.stdout, whose first use takes 4 ms to load modules. The whole command takes 60 ms. */
function isCharacterDevice(stream: number): boolean {
  try {
    return fstatSync(stream).isCharacterDevice();
  } catch {
    return false;
  }
}

function write(stream: number, text: string): void {
  // On a Windows console, only Node's own stream converts UTF-8.
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
    // Another program made the pipe non-blocking, and it is full.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    return 0;
  }
}
