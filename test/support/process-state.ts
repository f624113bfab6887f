import { readdirSync, readFileSync } from 'node:fs';

/** Waits until every thread of a process is stopped: a signal to stop takes effect some time after it was sent. */
export async function stopped(pid: number): Promise<void> {
  const isStopped = (thread: string) => {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')')).startsWith(') T');
  };
  while (!readdirSync(`/proc/${pid}/task`).every(isStopped)) await new Promise(setImmediate);
}

/** Waits until a thread of a process is blocked in flock(2), as the kernel shows it. */
export async function blockedInKernel(pid: number): Promise<void> {
  const blocked = new RegExp(`-> FLOCK +ADVISORY +\\w+ +${pid} `);
  while (!blocked.test(readFileSync('/proc/locks', 'latin1'))) await new Promise(setImmediate);
}
