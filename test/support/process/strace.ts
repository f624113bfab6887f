import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'vitest';
import { requires } from '../requires/requires.js';
import { runtime } from '../run/runtime.js';
import { temporaryDirectory } from '../temporary-directory.js';
import { Child } from './child.js';

/** 0 if a process may trace processes that it did not start: ptrace(2). */
const TRACING_SCOPE = '/proc/sys/kernel/yama/ptrace_scope';

/** Skips the test if strace cannot observe Node.js, or cannot make its system calls fail. */
export function requiresStrace(context: TestContext): void {
  if (process.platform !== 'linux') context.skip('strace needs Linux');
  if (runtime !== 'node') context.skip('only the system calls of Node.js are known');
  requires(context, ['strace']);
  if (spawnSync('strace', ['-o', '/dev/null', 'true']).status !== 0) context.skip('this system does not allow tracing');
}

/** Like {@link requiresStrace}, for processes that are already running. */
export function requiresAttaching(context: TestContext): void {
  requiresStrace(context);
  const isRestricted = existsSync(TRACING_SCOPE) && readFileSync(TRACING_SCOPE, 'utf8').trim() !== '0';
  if (isRestricted && process.geteuid?.() !== 0) context.skip('this system lets only root trace running processes');
}

/** Runs `use` while strace(1) traces the given threads. Returns the system calls that these threads made. */
export async function traced(
  threads: readonly number[],
  options: readonly string[],
  use: () => Promise<void>,
): Promise<SystemCall[]> {
  const trace = join(temporaryDirectory(), 'trace');
  const ids = threads.flatMap((thread) => ['-p', String(thread)]);
  const strace = new Child('strace', ['-y', '-o', trace, '-e', 'signal=none', ...options, ...ids]);
  await new Promise<void>((resolve, reject) => {
    strace.process.stderr?.on('data', () => {
      if (strace.stderr.split(' attached').length > threads.length) resolve();
    });
    void strace.exit().then(() => reject(new Error(strace.stderr)));
  });
  await use();
  strace.process.kill('SIGINT');
  await strace.exit();
  return readTrace(trace);
}

/** The paths that a system call names, including those of its descriptors. */
export function pathsOf({ args }: SystemCall): string[] {
  return [...args.matchAll(/["<](\/[^">]*)[">]/g)].map(([, path = '']) => path);
}

/** The bytes of a string or a path that strace(1) wrote with `-xx`. */
export function unescaped(text: string): Buffer {
  return Buffer.from(text.replaceAll('\\x', ''), 'hex');
}

/** One system call in the output of strace(1): one line, or two if a call of another thread came between. */
export interface SystemCall {
  /** NaN if strace watched a single thread. */
  readonly thread: number;
  /** The name without its variant: `rename` for renameat2 too. */
  readonly name: string;
  /** The name that the kernel and strace use. */
  readonly variant: string;
  readonly args: string;
  /** The return value, or the name of the error. */
  readonly result: string;
  readonly isInjected: boolean;
  /** The numbers of the first and last line. */
  readonly begins: number;
  readonly ends: number;
}

const VARIANTS = /^(rename|link|unlink|mkdir|readlink)at2?$/;

/** Reads a trace and returns its system calls in the order in which they ended. */
export function readTrace(path: string): SystemCall[] {
  const calls: SystemCall[] = [];
  const unfinished = new Map<number, { text: string; begins: number }>();
  for (const [number, line] of readFileSync(path, 'utf8').split('\n').entries()) {
    // Without a thread number if strace watched a single thread.
    const [, pid, text = ''] = /^(?:(\d+) +)?(.*)$/.exec(line) ?? [];
    const thread = Number(pid);
    if (text.endsWith(' <unfinished ...>')) {
      unfinished.set(thread, { text: text.slice(0, -' <unfinished ...>'.length), begins: number });
      continue;
    }
    const start = unfinished.get(thread);
    const rest = /^<\.\.\. \w+ resumed>(.*)$/.exec(text)?.[1];
    const whole = rest !== undefined && start !== undefined ? start.text + rest : text;
    const [, variant, args, value, error] = /^(\w+)\((.*)\) += (\S+)(?: ([A-Z][A-Z0-9]+) )?/.exec(whole) ?? [];
    if (variant === undefined || args === undefined || value === undefined) continue;
    calls.push({
      thread,
      name: variant.replace(VARIANTS, '$1'),
      variant,
      args,
      result: error ?? value,
      isInjected: whole.endsWith('(INJECTED)'),
      begins: rest !== undefined && start !== undefined ? start.begins : number,
      ends: number,
    });
  }
  return calls;
}
