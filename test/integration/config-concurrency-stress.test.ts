import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hasCommand } from '../support/requires/commands.js';

/** Fails the test if the script hangs. A busy machine needs minutes for it, so the limit is far above that. */
const LONGEST_MS = 45 * 60_000;

test.skipIf(!hasCommand('bash'))(
  'a hundred parallel `zjj config` commands of the installed package keep a hundred keys, in every round (needs bash)',
  async () => {
    const script = spawn(join(__dirname, 'config_concurrency_stress.sh'), { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    script.stdout.on('data', (text) => {
      output += text;
    });
    script.stderr.on('data', (text) => {
      output += text;
    });
    const [code] = await once(script, 'close');
    expect(output).toContain('busy processors: 20 of 20 and 100 of 100 keys kept');
    expect(code).toBe(0);
  },
  LONGEST_MS,
);
