import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'vitest';
import { requires } from '../support/requires/requires.js';

export { temporaryDirectory } from '../support/temporary-directory.js';

/** The built command. */
export const cli = join(import.meta.dirname, '..', '..', 'dist', 'cli', 'main.js');

export interface CliOptions {
  /** The value of HOME. The child's environment is HOME and the variables of `env`. */
  readonly home: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string | Buffer;
  /** Obey file permissions even as root. */
  readonly isUnprivileged?: boolean;
  /** A command that runs the rest of its arguments, such as `setpriv --reuid=7`. */
  readonly runner?: readonly string[];
}

export interface CliResult {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

const isRoot = process.getuid?.() === 0;
const dropCapabilities = ['setpriv', '--bounding-set=-all', '--inh-caps=-all'] as const;

/** Writes `config.toml` in a home directory, and the lock file that shows it to be the store's. Returns its path. */
export function writeUserConfig(home: string, text: string | Buffer): string {
  const config = join(home, 'config.toml');
  writeFileSync(config, text);
  markAsOurs(config);
  return config;
}

/** Leaves the lock file that the store would leave beside a config. */
export function markAsOurs(config: string): void {
  writeFileSync(`${config}.lock`, `${'released by the zjj store at 2026-11-23T06:32:09.123Z'.padEnd(255)}\n`);
}

/** Skips the test if `isUnprivileged` is not possible here. */
export function requiresUnprivileged(context: TestContext): void {
  if (process.platform === 'win32') context.skip('Windows has no permission bits');
  if (!isRoot) return;
  requires(context, ['setpriv']);
  const { status } = spawnSync(dropCapabilities[0], [...dropCapabilities.slice(1), 'true']);
  if (status !== 0) context.skip('this system does not let root drop capabilities');
}

/** Starts the built command in a child process. */
export function startCli(args: readonly string[], options: CliOptions): ChildProcess {
  const { home, cwd = home, env = {}, isUnprivileged = false, runner = [] } = options;
  const command = [...runner, ...(isUnprivileged && isRoot ? dropCapabilities : []), process.execPath, cli, ...args];
  return spawn(command[0] ?? '', command.slice(1), { cwd, env: { HOME: home, ...env } });
}

/** Runs the command until it exits. */
export function runCli(args: readonly string[], options: CliOptions): Promise<CliResult> {
  const child = startCli(args, options);
  // The command may exit before it has read all of its input.
  child.stdin?.on('error', () => {}).end(options.input ?? '');
  return resultOf(child);
}

/** The command's output and exit status, once it has exited. */
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
