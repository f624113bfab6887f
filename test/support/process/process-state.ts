import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

const isLinux = process.platform === 'linux';

/** Waits until every thread of a process is stopped. SIGSTOP takes effect some time after it is sent. */
export async function waitUntilStopped(pid: number): Promise<void> {
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

/** The wait threads of a process, including parked ones. Only Linux shows them; elsewhere there are none. */
export function waitThreads(pid: number): number[] {
  if (!isLinux) return [];
  const threads = readdirSync(`/proc/${pid}/task`).filter((thread) => {
    // The thread may end before its name is read.
    try {
      return readFileSync(`/proc/${pid}/task/${thread}/comm`, 'latin1') === 'zjj lock wait\n';
    } catch {
      return false;
    }
  });
  return threads.map(Number);
}

/** Waits until no wait thread is left. After a grant, the thread stays parked for a moment, ready for the next wait. */
export async function waitForNoWaitThread(pid = process.pid): Promise<void> {
  while (waitThreads(pid).length > 0) await new Promise(setImmediate);
}

/**
 * Waits until a thread of a process is blocked in flock(2), according to /proc/locks. Other systems do not show this:
 * there it waits for 200 ms. If that is too short, the test covers less but does not fail.
 */
export async function waitUntilBlocked(pid: number): Promise<void> {
  if (!isLinux) return new Promise((resolve) => setTimeout(resolve, 200));
  const blocked = new RegExp(`-> FLOCK +ADVISORY +\\w+ +${pid} `);
  while (!blocked.test(readFileSync('/proc/locks', 'latin1'))) await new Promise(setImmediate);
}
