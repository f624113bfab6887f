import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { TestContext } from 'vitest';
import { requires } from '../support/requires/requires.js';

export { temporaryDirectory } from '../support/temporary-directory.js';

/** The command as it is built. */
export const cli = join(import.meta.dirname, '..', '..', 'dist', 'cli', 'main.js');

export interface CliOptions {
  /** The only variable that is set, beside those of `env`. */
  readonly home: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string | Buffer;
  /** Obey the permissions of files even as root. */
  readonly isUnprivileged?: boolean;
}

export interface CliResult {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

const isRoot = process.getuid?.() === 0;
const dropCapabilities = ['setpriv', '--bounding-set=-all', '--inh-caps=-all'] as const;

/** Skips a test where `isUnprivileged` cannot be had. */
export function requiresUnprivileged(context: TestContext): void {
  if (process.platform === 'win32') context.skip('Windows has no permission bits');
  if (!isRoot) return;
  requires(context, ['setpriv']);
  const { status } = spawnSync(dropCapabilities[0], [...dropCapabilities.slice(1), 'true']);
  if (status !== 0) context.skip('this system lets root give up no capabilities');
}

/** Starts the command as it is built, in a process of its own. */
export function startCli(args: readonly string[], options: CliOptions): ChildProcess {
  const { home, cwd = home, env = {}, isUnprivileged = false } = options;
  const command = [...(isUnprivileged && isRoot ? dropCapabilities : []), process.execPath, cli, ...args];
  return spawn(command[0] ?? '', command.slice(1), { cwd, env: { HOME: home, ...env } });
}

/** Runs the command to its end. */
export function runCli(args: readonly string[], options: CliOptions): Promise<CliResult> {
  const child = startCli(args, options);
  // It may end before it has read all that it was given.
  child.stdin?.on('error', () => {}).end(options.input ?? '');
  return resultOf(child);
}

/** What the command said by the time that it ended. */
export function resultOf(child: ChildProcess): Promise<CliResult> {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode, signal) => resolve({ exitCode, signal, stdout, stderr }));
  });
}
