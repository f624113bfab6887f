import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { root } from '../support/package/dist.js';
import { Child } from '../support/process/child.js';
import { requiresMount } from '../support/requires/requires-mount.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

/** Their queue lasts more than a minute, and so more than one holder may. */
const COMMANDS = 20;
const BUSY_LOOPS = 20 * availableParallelism();
const FSYNC_SECONDS = 3;

/** Fails the test if it hangs. Far above what a busy machine needs. */
const LONGEST_MS = 30 * 60_000;

test(
  `${COMMANDS} commands with the default timeout all come through a slow disk and a load of 20 per processor`,
  async (context) => {
    requiresMount(context, { commands: ['python3'], device: '/dev/fuse' });
    const directory = temporaryDirectory();
    const path = join(directory, 'c.toml');
    for (let index = 0; index < BUSY_LOOPS; index++) {
      const loop = spawn('sh', ['-c', 'while :; do :; done'], { stdio: 'ignore' });
      onTestFinished(() => void loop.kill('SIGKILL'));
    }
    const script = `
      const { spawn } = require('node:child_process');
      const path = ${JSON.stringify(path)};
      const run = (key) => new Promise((resolve) => {
        const args = [${JSON.stringify(join(root, 'dist', 'cli', 'main.js'))}, 'config', '--file', path, key, '1'];
        const command = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
        let stderr = '';
        command.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
        command.on('close', (code) => {
          if (code !== 0) console.error(key, code, stderr);
          resolve(code === 0 ? [] : [code + ' ' + stderr]);
        });
      });
      const commands = Array.from({ length: ${COMMANDS} }, (_, index) => run('key_' + index));
      Promise.all(commands).then((failures) => {
        const kept = require('node:fs').readFileSync(path, 'utf8').trimEnd().split('\\n').length;
        console.log(JSON.stringify({ failures: failures.flat(), kept }));
        process.exit();
      });`;
    const fuse = join(root, 'test', 'support', 'fuse-file-system.py');
    const commands = new Child(
      'unshare',
      ['-m', 'python3', fuse, 'kernel', directory, process.execPath, '-e', script],
      {
        env: { ...process.env, FSYNC_SECONDS: String(FSYNC_SECONDS) },
      },
    );
    expect(JSON.parse(await commands.line())).toEqual({ failures: [], kept: COMMANDS });
  },
  LONGEST_MS,
);
