import { syncDescriptor, syncDescriptorAsync } from '../file/descriptor.js';

/**
 * Where a transaction pauses: at a descriptor that must be synced before it continues, or at work on another thread,
 * whose result it needs.
 */
export type Step = number | Promise<boolean>;

/** A transaction as a generator, so that one text serves the synchronous and the asynchronous form. */
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
