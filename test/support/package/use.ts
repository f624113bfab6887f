import { expect } from 'vitest';
import { run } from '../process/user.js';

const good = {
  same: true,
  other: 'excluded',
  second: 'LOCK_DEADLOCK',
  isZjjError: true,
  otherAfterwards: 'held',
  port: 8080,
  host: 'localhost',
};

/**
 * Uses the package from ESM or from CommonJS in a project that has the programs of test/package/user/: all is well, and
 * nothing is warned of.
 */
export function expectUse(
  node: readonly string[],
  main: 'main.mjs' | 'main.cjs',
  directory: string,
  env?: NodeJS.ProcessEnv,
): void {
  const { status, stdout, stderr } = run([...node, main], directory, env);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(JSON.parse(stdout)).toEqual(good);
}

/** Sets a value by the command and gets it back. */
export function expectCommand(zjj: readonly string[], directory: string, env?: NodeJS.ProcessEnv): void {
  const file = `command-${process.hrtime.bigint()}.toml`;
  const config = (...args: string[]) => run([...zjj, 'config', '--file', file, ...args], directory, env);
  expect(config('greeting.text', 'hello')).toMatchObject({ status: 0, stderr: '' });
  expect(config('greeting.text')).toEqual({ status: 0, stdout: 'hello\n', stderr: '' });
}
