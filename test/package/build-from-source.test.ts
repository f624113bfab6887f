import { cpSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, type TestContext, test } from 'vitest';
import { npmProject } from '../support/package/packed.js';
import { type Outcome, run } from '../support/process/run-command.js';
import { hasCommand } from '../support/requires/commands.js';
import { requires } from '../support/requires/requires.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

// The package as npm installs it, on a system for which it has no binary. ADDON_LOAD names the command that compiles
// one.

test('the command that ADDON_LOAD names compiles an addon that locks, without a network', (context) => {
  if (process.platform === 'win32') context.skip('on Windows node-gyp needs a library of Node.js, and downloads it');
  requires(context, ['make', 'g++', 'python3']);
  const directory = temporaryDirectory();
  cpSync(npmProject(context).directory, directory, { recursive: true });
  const zjj = join(directory, 'node_modules/zjj');
  rmSync(join(zjj, 'prebuilds'), { recursive: true });

  const before = run(lockScript, directory);
  expect(before).toMatchObject({ status: 1, stdout: '' });
  expect(before.stderr).toContain("code: 'ADDON_LOAD'");
  const [, command = ''] = /^.*: (npm run .*)$/m.exec(before.stderr) ?? [];
  expect(command).toBe(`npm run build:native --prefix "${zjj}"`);

  const { status, stdout, stderr } = runOffline(context, command, directory);
  expect(status, stdout + stderr).toBe(0);
  expect(existsSync(join(zjj, 'native/build'))).toBe(false);
  expect(run(lockScript, directory)).toEqual({ status: 0, stdout: 'true\n', stderr: '' });
});

const lockScript = [process.execPath, '-p', "require('zjj/lock').tryLock('a.lock').held"];

/**
 * Runs a command with dead addresses for the files that node-gyp would download. Root on Linux also runs it in a
 * network namespace without interfaces.
 */
function runOffline(context: TestContext, command: string, directory: string): Outcome {
  const isRoot = process.platform === 'linux' && process.geteuid?.() === 0;
  if (isRoot) requires(context, ['unshare']);
  const shell = ['sh', '-c', command];
  return run(isRoot && hasCommand('unshare') ? ['unshare', '-n', ...shell] : shell, directory, {
    NODEJS_ORG_MIRROR: 'http://127.0.0.1:9',
    npm_config_offline: 'true',
  });
}
