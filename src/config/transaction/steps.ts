import { syncDescriptor, syncDescriptorAsync } from '../file/descriptor.js';

/**
 * A point where a transaction pauses: a descriptor that must be synced before it continues, or the result of work on
 * another thread.
 */
export type Step = number | Promise<boolean>;

/** A transaction as a generator, so that one implementation serves the synchronous and the asynchronous form. */
export type Steps<R> = Generator<Step, R, boolean | undefined>;

/** Runs steps to their end without blocking. */
export async function runSteps<R>(steps: Steps<R>): Promise<R> {
  let step = steps.next();
  while (!step.done) {
    let answer: boolean | undefined;
    try {
      if (typeof step.value === 'number') await syncDescriptorAsync(step.value);
      else answer = await step.value;
    } catch (error) {
      step = steps.throw(error);
      continue;
    }
    step = steps.next(answer);
  }
  return step.value;
}

/** Runs steps to their end and blocks. The steps must not yield promises. */
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
