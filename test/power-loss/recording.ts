import { join } from 'node:path';
import { expect } from 'vitest';
import { Child } from '../support/process/child.js';
import { readTrace } from '../support/process/strace.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { type DiskEvent, toEvents, WATCHED } from './disk/disk-event.js';
import { readTree, type Tree } from './disk/tree.js';

/** A run of a program, as the disk saw it. */
export interface Recording {
  /** The directory in which the program wrote. */
  readonly directory: string;
  /** What the directory contained before. */
  readonly before: Tree;
  readonly events: readonly DiskEvent[];
}

/** Runs a program to its end, and records with strace(1) what it and its children do to a directory. */
export async function record(
  directory: string,
  command: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Recording> {
  const before = readTree(directory);
  const trace = join(temporaryDirectory(), 'trace');
  const calls = WATCHED.map((name) => `?${name}`).join();
  // Whole strings, so that the data of each write is known.
  const options = ['-f', '-qq', '-y', '-xx', '-s', '100000000', '-e', 'signal=none', '-e', `trace=${calls}`];
  const variables = Object.entries(env).flatMap(([name, value]) => ['-E', `${name}=${value}`]);
  const child = new Child('strace', ['-o', trace, ...options, ...variables, ...command]);
  expect(await child.exit(), child.stderr).toBe(0);
  return { directory, before, events: toEvents(readTrace(trace), directory) };
}
