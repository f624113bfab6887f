import type { TestContext } from 'vitest';
import { hasCommand } from './commands.js';

/** Skips a test where a program that it needs is not installed; fails it in CI on Linux, which is to install every one. */
export function requires(context: TestContext, commands: readonly string[]): void {
  const missing = commands.filter((command) => !hasCommand(command));
  if (missing.length === 0) return;
  const reason = `not installed: ${missing.join(', ')}`;
  if (process.env['CI'] && process.platform === 'linux') throw new Error(reason);
  context.skip(reason);
}
