import { setImmediate } from 'node:timers';
import { busyQueues } from './queues.js';

let isListening = false;

/**
 * From now on, rejects waits that could never end: those for a lock that this thread holds itself, once its event loop
 * is empty. Nothing can release the lock then, and the process would exit without a word, and without running any
 * `finally` of the callers.
 */
export function rejectEndlessWaits(): void {
  if (isListening) return;
  isListening = true;
  process.on('beforeExit', () => {
    const rejected = busyQueues().filter((queue) => queue.rejectEndlessWait());
    // Only the first waiter of each queue: its `finally` may release the lock for the next one. If it does not, the event
    // loop is empty again after this turn, and the event comes again.
    if (rejected.length > 0) setImmediate(() => {});
  });
}
