import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { tmpdir } from 'node:os';
import type { TestContext } from 'vitest';
import { requires } from './requires.js';

/** Skips a test where this process may not mount a file system, or lacks what that takes. */
export function requiresMount(
  context: TestContext,
  { commands = [], device }: { readonly commands?: readonly string[]; readonly device?: string } = {},
): void {
  if (process.platform !== 'linux') context.skip('mounting as here needs Linux');
  if (process.geteuid?.() !== 0) context.skip('mounting needs root');
  requires(context, ['unshare', 'mount', ...commands]);
  const { status, stderr } = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()], {
    encoding: 'utf8',
  });
  if (status !== 0) context.skip(`this system lets nobody mount: ${stderr.trim()}`);
  try {
    if (device !== undefined) closeSync(openSync(device, 'r+'));
  } catch (error) {
    context.skip(String(error));
  }
}
