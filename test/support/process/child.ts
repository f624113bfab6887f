import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import { commandLine } from '../run/runtime.js';

/** A child process that writes lines; killed when the test ends. */
export class Child {
  readonly process: ChildProcess;
  readonly #lines: string[] = [];
  #wake: (() => void) | undefined;
  #ended = false;
  readonly #exit: Promise<number | NodeJS.Signals | null>;
  stderr = '';

  constructor(command: string, args: readonly string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}) {
    this.process = spawn(command, args, { ...options, stdio: ['pipe', 'pipe', 'pipe'] });
    // Not by ChildProcess.signalCode: Deno sets it already when the signal is sent.
    this.#exit = new Promise((resolve) => {
      this.process.on('exit', (code, signal) => resolve(code ?? signal));
    });
    this.process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    // What it did not read before it ended is no error.
    this.process.stdin?.on('error', () => {});
    if (this.process.stdout === null) throw new Error('no stdout');
    createInterface({ input: this.process.stdout })
      .on('line', (line) => {
        this.#lines.push(line);
        this.#wake?.();
      })
      .on('close', () => {
        this.#ended = true;
        this.#wake?.();
      });
    onTestFinished(() => {
      this.process.kill('SIGKILL');
    });
  }

  /** Runs a script of Node.js, on the runtime that the test runs on. */
  static node(args: readonly string[], options?: { cwd?: string; env?: NodeJS.ProcessEnv }): Child {
    const [command, ...rest] = commandLine(args);
    return new Child(command, rest, options);
  }

  get pid(): number {
    if (this.process.pid === undefined) throw new Error('not started');
    return this.process.pid;
  }

  /** The next line that it writes. */
  async line(): Promise<string> {
    for (;;) {
      const line = this.#lines.shift();
      if (line !== undefined) return line;
      if (this.#ended) throw new Error(`the child wrote nothing more; stderr: ${this.stderr}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** A line to its standard input. */
  write(line: string): void {
    this.process.stdin?.write(`${line}\n`);
  }

  /** Its exit code, or the signal that ended it. */
  exit(): Promise<number | NodeJS.Signals | null> {
    return this.#exit;
  }
}
