import { chmodSync, chownSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'vitest';
import { withPackage } from '../package/dist.js';
import { requires } from '../requires/requires.js';
import { temporaryDirectory } from '../temporary-directory.js';
import { Child } from './child.js';

/** A user, one of its groups, a group that it is not in, and another user, as ids. */
export const [USER, GROUP, FOREIGN, OTHER] = [65534, 12345, 23456, 34567] as const;

interface Identity {
  readonly user?: number;
  readonly groups?: readonly number[];
  readonly umask?: number;
}

/**
 * Runs calls as another user: as USER, who is also in GROUP, unless told otherwise. Returns `done`, or the code and message of the error, for each call. A call
 * is source text that uses `paths`.
 */
export async function asUser(
  context: TestContext,
  paths: readonly string[],
  calls: readonly string[],
  { user = USER, groups = [USER, GROUP], umask = 0o022 }: Identity = {},
): Promise<string[]> {
  requires(context, ['setpriv']);
  const child = new Child('setpriv', [
    ...[`--reuid=${user}`, `--regid=${user}`, `--groups=${groups.join()}`, process.execPath],
    ...withPackage(`
      process.umask(${umask});
      const paths = ${JSON.stringify(paths)};
      const withoutPaths = (message) => paths.reduce((text, path) => text.replace(path, 'PATH'), message);
      const describe = ({ code, message }) => code + ' ' + withoutPaths(message);
      for (const call of [${calls.map((call) => `() => zjj.${call}`).join()}]) {
        console.log(await Promise.resolve().then(call).then(() => 'done', describe));
      }`),
  ]);
  const answers: string[] = [];
  for (const _ of calls) answers.push(await child.line());
  return answers;
}

/** Skips the test if it may not switch to another user. */
export function requiresUsers(context: TestContext): void {
  if (process.platform !== 'linux') context.skip('setpriv(1) needs Linux');
  if (process.geteuid?.() !== 0) context.skip('switching to another user needs root');
}

/** Makes a config in a directory that USER owns. */
export function configOf(owner: number, group: number, mode: number): string {
  const path = join(temporaryDirectory(), 'config.toml');
  writeFileSync(path, 'a = 1\n');
  chownSync(join(path, '..'), USER, USER);
  chownSync(path, owner, group);
  chmodSync(path, mode);
  return path;
}
