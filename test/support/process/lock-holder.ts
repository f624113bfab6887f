import { join } from 'node:path';
import { expect } from 'vitest';
import { root } from '../package/dist.js';
import { Child } from './child.js';

/** Starts a process that holds one or more locks until the test writes a line to it or kills it. */
export async function holdElsewhere(
  path: string | readonly string[],
  mode: 'exclusive' | 'shared' = 'exclusive',
): Promise<Child> {
  const child = Child.node([
    '-e',
    `const { lockSync } = require(${JSON.stringify(join(root, 'dist', 'lock', 'index.js'))});
     const all = ${JSON.stringify([path].flat())}.map((path) => lockSync(path, { mode: ${JSON.stringify(mode)} }));
     console.log('held');
     process.stdin.once('data', () => {
       for (const held of all) held.release();
       process.stdin.destroy();
     });`,
  ]);
  expect(await child.line()).toBe('held');
  return child;
}
