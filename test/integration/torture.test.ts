import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../support/package/dist.js';
import { Child } from '../support/process/child.js';

/** The modes of test/torture/modes.mjs that disturb enough in less than a second, and how they disturb. */
const modes = {
  calm: 'nothing disturbs them',
  kill: 'writers are killed, interrupted and hung up while they hold the lock',
  stop: 'lock holders are stopped for longer than the others wait',
  delete: 'the lock file is removed, and lock holders are stopped and killed',
  'delete-tight': 'the lock file is removed every 0.2 ms, and lock holders are stopped',
  'disk-full': 'the disk is full half of the time, and writers are killed',
  editor: 'an editor saves by rename under the lock, and writers are killed',
  users: 'some writers are users without rights',
  chmod: 'the folder, the config and the lock file lose their rights',
  limits: 'writers run out of descriptors, threads and the size of files',
  'swap-lock': 'a link, a folder or data takes the place of the lock file',
  'swap-folder': 'the folder is moved away and back',
  nested: 'all make new nested folders at once',
};

describe.skipIf(process.platform === 'win32')('writers and readers lose no write and see no damaged file', () => {
  test.for(Object.entries(modes))('%s: %s', async ([mode], context) => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    const torture = Child.node([
      join(root, 'test', 'torture', 'run.mjs'),
      ...['--mode', mode, '--seed', String(seed), '--seconds', '0.7'],
    ]);
    const output = await readLines(torture);
    if (output.includes('skipped')) {
      // Only root can mount, so only root in CI has no reason to skip.
      if (process.env['CI'] && process.geteuid?.() === 0 && process.platform === 'linux') throw new Error(output);
      context.skip(output);
    }
    expect([await torture.exit(), torture.stderr], output).toEqual([0, '']);
    expect(output).toMatch(/acknowledged [1-9]/);
  });
});

async function readLines(child: Child): Promise<string> {
  const lines: string[] = [];
  try {
    for (;;) lines.push(await child.line());
  } catch {
    return lines.join('\n');
  }
}
