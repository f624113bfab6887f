import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { TestContext } from 'vitest';
import { requires } from './requires.js';
import { runtime } from './runtime.js';

/** Skips a test where no system call of Node.js can be watched or made to fail. */
export function requiresStrace(context: TestContext): void {
  if (process.platform !== 'linux') context.skip('strace is for Linux');
  if (runtime !== 'node') context.skip('it is the system calls of Node.js that are known');
  requires(context, ['strace']);
  if (spawnSync('strace', ['-o', '/dev/null', 'true']).status !== 0) context.skip('this system allows no tracing');
}

/** One line of what `strace -f` wrote, or two where another thread came between. */
export interface SystemCall {
  readonly thread: number;
  /** Without what tells its variants apart: `rename` for renameat2 too. */
  readonly name: string;
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
    const [, pid, text = ''] = /^(\d+) +(.*)$/.exec(line) ?? [];
    const thread = Number(pid);
    if (text.endsWith(' <unfinished ...>')) {
      unfinished.set(thread, { text: text.slice(0, -' <unfinished ...>'.length), begins: number });
      continue;
    }
    const start = unfinished.get(thread);
    const rest = /^<\.\.\. \w+ resumed>(.*)$/.exec(text)?.[1];
    const whole = rest !== undefined && start !== undefined ? start.text + rest : text;
    const [, name, args, value, error] = /^(\w+)\((.*)\) += (\S+)(?: ([A-Z][A-Z0-9]+) )?/.exec(whole) ?? [];
    if (name === undefined || args === undefined || value === undefined) continue;
    calls.push({
      thread,
      name: name.replace(VARIANTS, '$1'),
      args,
      result: error ?? value,
      isInjected: whole.endsWith('(INJECTED)'),
      begins: rest !== undefined && start !== undefined ? start.begins : number,
      ends: number,
    });
  }
  return calls;
}
