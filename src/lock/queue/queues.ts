import { PathQueue } from './path-queue.js';

const queues = new Map<string, PathQueue>();
let sweepAt = 64;

/**
 * The queue of a path in this thread. Two names of one file have two queues; the kernel arbitrates between them.
 *
 * @param path - Absolute, not normalized.
 */
export function queueOf(path: string): PathQueue {
  let queue = queues.get(path);
  if (queue === undefined) {
    // An idle queue only remembers its fairness. Idle queues are dropped now and then, not at once, because the next
    // call is usually for the same path.
    if (queues.size >= sweepAt) {
      for (const [key, idle] of queues) if (idle.isIdle) queues.delete(key);
      sweepAt = Math.max(64, 2 * queues.size);
    }
    queue = new PathQueue(path);
    queues.set(path, queue);
  }
  return queue;
}

/** The queues of this thread that have holders or waiters. */
export function busyQueues(): PathQueue[] {
  return [...queues.values()].filter((queue) => !queue.isIdle);
}
