import type { Task } from '../../lock/internal.js';
import { syncDescriptor, syncOnThread } from '../file/descriptor.js';

/**
 * A point where a transaction pauses: a descriptor that must be synced before it continues, or the result of a task.
 */
export type Step = number | Task<boolean>;

/** A transaction as a generator, so that one implementation serves the synchronous and the asynchronous form. */
export type Steps<R> = Generator<Step, R, boolean | undefined>;

/** Runs steps to their end without blocking. */
export async function runSteps<R>(steps: Steps<R>): Promise<R> {
  let step = steps.next();
  while (!step.done) {
    let answer: boolean | undefined;
    try {
      if (typeof step.value === 'number') await sync(step.value);
      else answer = await step.value.promise;
    } catch (error) {
      step = steps.throw(error);
      continue;
    }
    step = steps.next(answer);
  }
  return step.value;
}

/** Never uses libuv's pool: reads of this process may block it while others wait for the lock. */
async function sync(fd: number): Promise<void> {
  const task = syncOnThread(fd);
  if (task === undefined) syncDescriptor(fd);
  else await task.promise;
}

/** Runs steps to their end and blocks. The steps must not yield tasks. */
export function runStepsSync<R>(steps: Steps<R>): R {
  let step = steps.next();
  while (!step.done) {
    try {
      syncDescriptor(step.value as number);
    } catch (error) {
      step = steps.throw(error);
      continue;
    }
    step = steps.next();
  }
  return step.value;
}
