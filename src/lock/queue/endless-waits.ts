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
    // Only one waiter: its `finally` may release the lock that another one waits for. If it does not, the event loop is
    // empty again after this turn, and the event comes again.
    if (busyQueues().some((queue) => queue.rejectEndlessWait())) setImmediate(() => {});
  });
}
