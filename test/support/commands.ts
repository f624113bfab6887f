import { spawnSync } from 'node:child_process';

/** Whether a program is installed here. */
export function hasCommand(name: string): boolean {
  return spawnSync(name, ['--version'], { stdio: 'ignore' }).error === undefined;
}
