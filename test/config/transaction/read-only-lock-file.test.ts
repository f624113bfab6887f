import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { setConfigValueSync } from '../../../src/index.js';
import { withPackage } from '../../support/package/dist.js';
import { requiresStrace } from '../../support/process/strace.js';
import { requires } from '../../support/requires/requires.js';
import { commandLine } from '../../support/run/runtime.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

test('what a killed writer left is removed, even if it could only read the lock file', (context) => {
  if (process.geteuid?.() !== 0) context.skip('becoming another user needs root');
  requiresStrace(context);
  requires(context, ['setpriv']);
  const outer = temporaryDirectory();
  chmodSync(outer, 0o755);
  const directory = join(outer, 'shared');
  const path = join(directory, 'config.toml');
  mkdirSync(directory);
  writeFileSync(path, '');
  setConfigValueSync(path, 'a', 1);
  // The config is everybody's, and the lock file has the mark of a writer that left everything in order.
  chmodSync(directory, 0o777);
  chmodSync(path, 0o666);
  chmodSync(`${path}.lock`, 0o644);
  const set = (key: string, prefix: readonly string[] = []) => {
    const script = commandLine(withPackage(`zjj.setConfigValueSync(${JSON.stringify(path)}, '${key}', 1);`));
    const [command = '', ...args] = [
      ...prefix,
      ...['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'],
      ...script,
    ];
    return spawnSync(command, args, { encoding: 'utf8' });
  };
  const killed = set('b', ['strace', '-f', '-qq', '-o', '/dev/null', '-e', 'inject=/^rename:error=EIO:signal=KILL']);
  expect([killed.status, killed.signal]).not.toEqual([0, null]);
  expect(readdirSync(directory).filter((name) => name.endsWith('.tmp'))).toHaveLength(1);
  const { status, stderr } = set('c');
  expect([status, stderr]).toEqual([0, '']);
  expect(readFileSync(path, 'utf8')).toBe('a = 1\nc = 1\n');
  expect(readdirSync(directory).sort()).toEqual(['config.toml', 'config.toml.lock']);
});
