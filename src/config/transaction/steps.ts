import type { Task } from '../../lock/internal.js';
import { syncDescriptor, syncOnThread } from '../file/descriptor.js';
import type { SyncCall } from './sync-call.js';

/** Something that takes time. A transaction pauses for it, without blocking the thread or by blocking it. */
export interface Wait<T> {
  /** Begins to wait without blocking. Called at most once. */
  start(): Promise<T>;
  /**
   * Blocks until the wait is over, whether or not it has started.
   *
   * @param call - The synchronous call that blocks. Undefined if it only ends a transaction that holds its lock.
   * @returns A function that returns the result, or throws the error of the wait.
   * @throws An error of the call itself, such as a timeout. The wait goes on then.
   */
  finish(call: SyncCall | undefined): () => T;
}

/** A point where a transaction pauses: a descriptor that must be synced before it continues, a task, or another wait. */
export type Step = number | Pick<Task<unknown>, 'promise' | 'finish'> | Wait<unknown>;

/** A transaction as a generator, so that one implementation serves the synchronous and the asynchronous form. */
export type Steps<R> = Generator<Step, R, unknown>;

/** Runs steps to their end and blocks. The steps must be descriptors. */
export function runStepsSync<R>(steps: Steps<R>): R {
  let step = steps.next();
  while (!step.done) {
    const fd = step.value as number;
    step = resume(
      steps,
      outcomeOf(() => syncDescriptor(fd)),
    );
  }
  return step.value;
}

/**
 * Runs steps without blocking, until a synchronous call of the same thread cannot wait for that. Such a call takes over
 * the run, which continues by itself afterwards.
 */
export class StepRun {
  readonly #steps: Steps<void>;
  /** The wait that the steps pause for. Undefined before the first one, and after the last one. */
  #wait: Wait<unknown> | undefined;
  #isStarted = false;
  #isInside = false;

  constructor(steps: Steps<void>) {
    this.#steps = steps;
  }

  /** Whether the caller was called by the steps. They cannot continue before it returns. */
  get isInside(): boolean {
    return this.#isInside;
  }

  run(): void {
    this.#continue(() => undefined);
    this.#start();
  }

  /**
   * Blocks until `isOver` returns true or the steps have ended.
   *
   * @param call - The call that blocks, as for {@link Wait.finish}.
   * @throws What {@link Wait.finish} throws. The steps go on without blocking then.
   */
  finish(isOver: () => boolean, call?: SyncCall): void {
    try {
      for (let wait = this.#wait; wait !== undefined && !isOver(); wait = this.#wait) {
        const current = wait;
        this.#continue(this.#within(() => current.finish(call)));
      }
    } finally {
      // Not now: the next wait could get the lock before the caller.
      queueMicrotask(() => this.#start());
    }
  }

  #start(): void {
    const wait = this.#wait;
    if (wait === undefined || this.#isStarted) return;
    this.#isStarted = true;
    const end = (outcome: () => unknown) => {
      // Otherwise a synchronous call has finished this wait.
      if (this.#wait !== wait) return;
      this.#continue(outcome);
      this.#start();
    };
    this.#within(() => wait.start()).then(
      (value) => end(() => value),
      (error: unknown) =>
        end(() => {
          throw error;
        }),
    );
  }

  #continue(outcome: () => unknown): void {
    const step = this.#within(() => resume(this.#steps, outcome));
    this.#wait = step.done ? undefined : waitFor(step.value);
    this.#isStarted = false;
  }

  #within<T>(part: () => T): T {
    this.#isInside = true;
    try {
      return part();
    } finally {
      this.#isInside = false;
    }
  }
}

function resume<R>(steps: Steps<R>, outcome: () => unknown): IteratorResult<Step, R> {
  let value: unknown;
  try {
    value = outcome();
  } catch (error) {
    return steps.throw(error);
  }
  return steps.next(value);
}

/** Calls a function now. What it returned or threw comes from the returned function. */
function outcomeOf<T>(work: () => T): () => T {
  try {
    const value = work();
    return () => value;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

function waitFor(step: Step): Wait<unknown> {
  if (typeof step === 'number') return new DescriptorSync(step);
  if ('start' in step) return step;
  return { start: () => step.promise, finish: () => outcomeOf(() => step.finish()) };
}

class DescriptorSync implements Wait<void> {
  readonly #fd: number;
  #task: Task<void> | undefined;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** Never uses libuv's pool: reads of this process may block it while others wait for the lock. */
  async start(): Promise<void> {
    this.#task = syncOnThread(this.#fd);
    if (this.#task === undefined) syncDescriptor(this.#fd);
    else await this.#task.promise;
  }

  finish(): () => void {
    return outcomeOf(() => (this.#task === undefined ? syncDescriptor(this.#fd) : this.#task.finish()));
  }
}
