import { setImmediate } from 'node:timers';

/**
 * Defers a task, so that a burst of calls runs it only once.
 *
 * @param task - The task to run.
 * @returns A function that schedules the task for the next turn of the event loop. However often it is called until
 *   then, the task runs once. The schedule does not keep the process alive.
 */
export function onceAtEndOfTurn(task: () => void): () => void {
  let isScheduled = false;
  const run = () => {
    isScheduled = false;
    task();
  };
  return () => {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(run).unref();
  };
}
