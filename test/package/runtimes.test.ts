import { describe, test } from 'vitest';
import { expectCommand, expectUsable } from '../support/package/expect-works.js';
import { npmProject } from '../support/package/packed.js';
import { tool } from '../support/package/tools.js';

// The package as npm installs it, on each runtime of tools/runtimes.

const runtimes: [name: string, file: string, ...options: string[]][] = [
  ['node-20-lowest', 'bin/node'],
  ['node-20', 'bin/node'],
  ['node-22', 'bin/node'],
  ['node-24', 'bin/node'],
  ['node-26', 'bin/node'],
  ['@oven/bun-linux-x64', 'bin/bun'],
  ['@deno/linux-x64-glibc', 'deno', 'run', '-A'],
];

describe.each(runtimes)('%s', (name, file, ...options) => {
  test.for(['main.mjs', 'main.cjs'] as const)('%s can import and require both entry points', (main, context) => {
    expectUsable([tool(context, 'runtimes', name, file), ...options], main, npmProject(context).directory);
  });

  test('runs the command', (context) => {
    const command = [tool(context, 'runtimes', name, file), ...options, 'node_modules/zjj/dist/cli/main.js'];
    expectCommand(command, npmProject(context).directory);
  });
});
