// process/ has child processes to test against, and ways to observe them.

import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import { commandLine } from '../run/runtime.js';

/** A child process that talks to the test in lines. It is killed when the test ends. */
export class Child {
  readonly process: ChildProcess;
  readonly #lines: string[] = [];
  #wake: (() => void) | undefined;
  #ended = false;
  readonly #exit: Promise<number | NodeJS.Signals | null>;
  stderr = '';

  constructor(command: string, args: readonly string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}) {
    this.process = spawn(command, args, { ...options, stdio: ['pipe', 'pipe', 'pipe'] });
    // Not ChildProcess.signalCode: Deno sets it as soon as the signal is sent.
    this.#exit = new Promise((resolve) => {
      this.process.on('exit', (code, signal) => resolve(code ?? signal));
    });
    this.process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    // EPIPE: a child may end before it has read its input.
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

  /** Starts a Node.js script on the runtime that runs the test. */
  static node(args: readonly string[], options?: { cwd?: string; env?: NodeJS.ProcessEnv }): Child {
    const [command, ...rest] = commandLine(args);
    return new Child(command, rest, options);
  }

  get pid(): number {
    if (this.process.pid === undefined) throw new Error('not started');
    return this.process.pid;
  }

  /** The next line of its standard output. Throws if the child ended without another line. */
  async line(): Promise<string> {
    for (;;) {
      const line = this.#lines.shift();
      if (line !== undefined) return line;
      if (this.#ended) throw new Error(`the child ended without another line; stderr: ${this.stderr}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Writes a line to its standard input. */
  write(line: string): void {
    this.process.stdin?.write(`${line}\n`);
  }

  /** Waits for the child to end. Resolves to its exit code, or to the signal that killed it. */
  exit(): Promise<number | NodeJS.Signals | null> {
    return this.#exit;
  }
}
