import { expect } from 'vitest';
import { run } from '../process/run-command.js';

/** The output of main.mjs and main.cjs in test/package/user/ if everything works. */
const expected = {
  same: true,
  other: 'excluded',
  second: 'LOCK_DEADLOCK',
  isZjjError: true,
  otherAfterwards: 'held',
  port: 8080,
  host: 'localhost',
};

/**
 * Runs a program of test/package/user/ and expects the right results and no warning. `main.mjs` imports the package as
 * ESM, `main.cjs` as CommonJS. The directory is a project that has these programs and the package.
 */
export function expectUsable(
  node: readonly string[],
  main: 'main.mjs' | 'main.cjs',
  directory: string,
  env?: NodeJS.ProcessEnv,
): void {
  const { status, stdout, stderr } = run([...node, main], directory, env);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(JSON.parse(stdout)).toEqual(expected);
}

/** Sets a value with the command and expects to get it back. */
export function expectCommand(zjj: readonly string[], directory: string, env?: NodeJS.ProcessEnv): void {
  const file = `command-${process.hrtime.bigint()}.toml`;
  const config = (...args: string[]) => run([...zjj, 'config', '--file', file, ...args], directory, env);
  expect(config('greeting.text', 'hello')).toMatchObject({ status: 0, stderr: '' });
  expect(config('greeting.text')).toEqual({ status: 0, stdout: 'hello\n', stderr: '' });
}
