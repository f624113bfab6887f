import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { tmpdir } from 'node:os';
import type { TestContext } from 'vitest';
import { requires } from './requires.js';

/** Skips the test if this process may not mount a file system, or if a command or device that it needs is missing. */
export function requiresMount(
  context: TestContext,
  { commands = [], device }: { readonly commands?: readonly string[]; readonly device?: string } = {},
): void {
  if (process.platform !== 'linux') context.skip('mount namespaces need Linux');
  if (process.geteuid?.() !== 0) context.skip('mounting needs root');
  requires(context, ['unshare', 'mount', ...commands]);
  const { status, stderr } = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()], {
    encoding: 'utf8',
  });
  if (status !== 0) context.skip(`this system does not allow mounting: ${stderr.trim()}`);
  try {
    if (device !== undefined) closeSync(openSync(device, 'r+'));
  } catch (error) {
    context.skip(String(error));
  }
}
