/** What Linux tells about the work of a process, in /proc: proc_pid_stat(5), proc_pid_task(5), proc_pid_wchan(5). */

import { readdirSync, readFileSync } from 'node:fs';

/** Places in /proc/PID/stat, counted from the field after the name: the state, four sums of ticks, the start. */
const STATE_FIELD = 0;
const FIRST_TIME_FIELD = 11;
const START_FIELD = 19;

/** Kernel functions in which a thread sleeps interruptibly until a FUSE file system answers. */
const WAITS_FOR_FUSE = /^(?:request_wait_answer|_*fuse_)/;

/** The processor time of a process and of the children that it has waited for. */
export interface ProcessTime {
  /** When the process started, in clock ticks since the system did. A later process with its number has another start. */
  readonly start: string | undefined;
  /** User and system time in clock ticks. */
  readonly ticks: string;
}

/** Undefined if there is no such process, or if this process may not see it. */
export function processTime(pid: number): ProcessTime | undefined {
  const fields = statFields(`/proc/${pid}/stat`);
  if (fields === undefined) return undefined;
  return { start: fields[START_FIELD], ticks: fields.slice(FIRST_TIME_FIELD, FIRST_TIME_FIELD + 4).join(' ') };
}

/**
 * Whether a thread of the process runs, waits for a processor, or waits for a disk or a file system. The main thread
 * alone does not tell: the store commits on another one.
 */
export function isWorking(pid: number): boolean {
  return threadsOf(pid).some((thread) => {
    const state = statFields(`${thread}/stat`)?.[STATE_FIELD];
    return state === 'R' || state === 'D' || (state === 'S' && WAITS_FOR_FUSE.test(read(`${thread}/wchan`)));
  });
}

/** The processes that a process started and that still run. Empty if the kernel does not tell (CONFIG_PROC_CHILDREN). */
export function childrenOf(pid: number): number[] {
  return threadsOf(pid).flatMap((thread) => (read(`${thread}/children`).match(/\d+/g) ?? []).map(Number));
}

function threadsOf(pid: number): string[] {
  const tasks = `/proc/${pid}/task`;
  try {
    return readdirSync(tasks).map((thread) => `${tasks}/${thread}`);
  } catch {
    return [];
  }
}

function statFields(path: string): string[] | undefined {
  // The name of the program comes before them, in parentheses, and may contain anything.
  const text = read(path);
  return text === '' ? undefined : text.slice(text.lastIndexOf(') ') + 2).split(' ');
}

/** Empty if the file does not exist or may not be read. */
function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
