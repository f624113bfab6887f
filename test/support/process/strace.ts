import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'vitest';
import { requires } from '../requires/requires.js';
import { runtime } from '../run/runtime.js';
import { temporaryDirectory } from '../temporary-directory.js';
import { Child } from './child.js';

/** Where it says whether processes may be traced that one has not started oneself. */
const TRACING_SCOPE = '/proc/sys/kernel/yama/ptrace_scope';

/** Skips a test where no system call of Node.js can be watched or made to fail. */
export function requiresStrace(context: TestContext): void {
  if (process.platform !== 'linux') context.skip('strace is for Linux');
  if (runtime !== 'node') context.skip('it is the system calls of Node.js that are known');
  requires(context, ['strace']);
  if (spawnSync('strace', ['-o', '/dev/null', 'true']).status !== 0) context.skip('this system allows no tracing');
}

/** As {@link requiresStrace}, where processes are to be watched that run already. */
export function requiresAttaching(context: TestContext): void {
  requiresStrace(context);
  const isRestricted = existsSync(TRACING_SCOPE) && readFileSync(TRACING_SCOPE, 'utf8').trim() !== '0';
  if (isRestricted && process.geteuid?.() !== 0) context.skip('this system lets only root trace what runs already');
}

/** The system calls that threads make while `use` runs, watched or disturbed as `options` of strace(1) say. */
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

/** The paths that a system call names, by its descriptors too. */
export function pathsOf({ args }: SystemCall): string[] {
  return [...args.matchAll(/["<](\/[^">]*)[">]/g)].map(([, path = '']) => path);
}

/** One line of what `strace -f` wrote, or two where another thread came between. */
export interface SystemCall {
  /** NaN where strace was told to watch one thread. */
  readonly thread: number;
  /** Without what tells its variants apart: `rename` for renameat2 too. */
  readonly name: string;
  /** As the kernel and strace call it. */
  readonly variant: string;
  readonly args: string;
  /** The value, or the name of the error. */
  readonly result: string;
  readonly isInjected: boolean;
  /** The lines on which it begins and ends. */
  readonly begins: number;
  readonly ends: number;
}

const VARIANTS = /^(rename|link|unlink|mkdir|readlink)at2?$/;

/** The system calls in a trace, in the order of their ends. */
export function readTrace(path: string): SystemCall[] {
  const calls: SystemCall[] = [];
  const unfinished = new Map<number, { text: string; begins: number }>();
  for (const [number, line] of readFileSync(path, 'utf8').split('\n').entries()) {
    // There is no number where strace has one thread to watch.
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
