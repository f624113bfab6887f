import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

const isLinux = process.platform === 'linux';

/** Waits until every thread of a process is stopped: a signal to stop takes effect some time after it was sent. */
export async function stopped(pid: number): Promise<void> {
  const isStopped = (thread: string) => {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')')).startsWith(') T');
  };
  const areStopped = () =>
    isLinux
      ? readdirSync(`/proc/${pid}/task`).every(isStopped)
      : execFileSync('ps', ['-o', 'state=', '-p', String(pid)], { encoding: 'utf8' }).startsWith('T');
  while (!areStopped()) await new Promise(setImmediate);
}

/** How many threads of this process wait for a lock, or stay a moment for the next wait. Only Linux tells. */
function countWaitThreads(): number {
  if (!isLinux) return 0;
  return readdirSync('/proc/self/task').filter((thread) => {
    // It may end meanwhile.
    try {
      return readFileSync(`/proc/self/task/${thread}/comm`, 'latin1') === 'zjj lock wait\n';
    } catch {
      return false;
    }
  }).length;
}

/** Waits until the thread of a granted wait, which stays a moment for the next one, has ended. */
export async function noWaitThread(): Promise<void> {
  while (countWaitThreads() > 0) await new Promise(setImmediate);
}

/**
 * Waits until a thread of a process is blocked in flock(2), as the kernel shows it. Elsewhere none shows it, and a moment has
 * to do: where that is too short, the test sees less, but what it says is true all the same.
 */
export async function blockedInKernel(pid: number): Promise<void> {
  if (!isLinux) return new Promise((resolve) => setTimeout(resolve, 200));
  const blocked = new RegExp(`-> FLOCK +ADVISORY +\\w+ +${pid} `);
  while (!blocked.test(readFileSync('/proc/locks', 'latin1'))) await new Promise(setImmediate);
}
