// requires/ has checks that skip a test, with the reason, if the machine lacks something.

import type { TestContext } from 'vitest';
import { hasCommand } from './commands.js';

/** Skips the test if a program is not installed. Fails it in CI on Linux, where every program must be installed. */
export function requires(context: TestContext, commands: readonly string[]): void {
  const missing = commands.filter((command) => !hasCommand(command));
  if (missing.length === 0) return;
  const reason = `not installed: ${missing.join(', ')}`;
  if (process.env['CI'] && process.platform === 'linux') throw new Error(reason);
  context.skip(reason);
}
