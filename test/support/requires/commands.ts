import { spawnSync } from 'node:child_process';

const known = new Map<string, boolean>();

/** Whether a program is installed. */
export function hasCommand(name: string): boolean {
  let isInstalled = known.get(name);
  if (isInstalled === undefined) {
    isInstalled = spawnSync(name, ['--version'], { stdio: 'ignore' }).error === undefined;
    known.set(name, isInstalled);
  }
  return isInstalled;
}
