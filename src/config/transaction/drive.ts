import { fsync, fsyncSync } from 'node:fs';
import { cannotSync } from '../file/resolve.js';
import type { Step } from './commit-batch.js';

/** Runs steps to their end: puts the descriptors that they yield on disk, and awaits promises, without blocking. */
export async function drive<R>(steps: Generator<Step, R, boolean | undefined>): Promise<R> {
  let step = steps.next();
  while (!step.done) {
    let answer: boolean | undefined;
    try {
      answer = typeof step.value === 'number' ? await sync(step.value) : await step.value;
    } catch (error) {
      step = steps.throw(error);
      continue;
    }
    step = steps.next(answer);
  }
  return step.value;
}

/** As {@link drive}, but blocks. The steps must not yield promises. */
export function driveSync<R>(steps: Generator<Step, R, boolean | undefined>): R {
  let step = steps.next();
  while (!step.done) {
    try {
      fsyncSync(step.value as number);
    } catch (error) {
      step = cannotSync(error) ? steps.next() : steps.throw(error);
      continue;
    }
    step = steps.next();
  }
  return step.value;
}

function sync(fd: number): Promise<undefined> {
  return new Promise((resolve, reject) => {
    fsync(fd, (error) => (error === null || cannotSync(error) ? resolve(undefined) : reject(error)));
  });
}
