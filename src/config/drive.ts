import { fsync, fsyncSync } from 'node:fs';
import { cannotSync } from './resolve.js';

/** Runs steps that yield descriptors, and puts each on disk without blocking the event loop. */
export async function drive<R>(steps: Generator<number, R, void>): Promise<R> {
  let step = steps.next();
  while (!step.done) {
    const error = await syncError(step.value);
    step = error === null ? steps.next() : steps.throw(error);
  }
  return step.value;
}

/** As {@link drive}, but blocks. */
export function driveSync<R>(steps: Generator<number, R, void>): R {
  let step = steps.next();
  while (!step.done) {
    let failure: unknown = null;
    try {
      fsyncSync(step.value);
    } catch (error) {
      if (!cannotSync(error)) failure = error;
    }
    step = failure === null ? steps.next() : steps.throw(failure);
  }
  return step.value;
}

function syncError(fd: number): Promise<unknown> {
  return new Promise((resolve) => {
    fsync(fd, (error) => resolve(error !== null && cannotSync(error) ? null : error));
  });
}
