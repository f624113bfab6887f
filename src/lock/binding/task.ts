import { type Addon, NO_TASK } from './addon.js';
import { addon, finish, keepAlive, onEnd } from './native-locks.js';

/** How a task ended: its outcome (0 is success), and the system call that failed with its errno. */
export type TaskEnd = readonly [outcome: number, errno: number, syscall: string];

/**
 * Work of the addon on a thread of its own, never one of libuv's pool: the reads of this process may block that pool
 * while other processes wait for the lock that it holds. It keeps the process alive. The caller awaits {@link promise}, or
 * blocks until {@link finish} returns.
 */
export class Task<R> {
  readonly promise: Promise<R>;
  readonly #index: number;
  readonly #resultOf: (...end: TaskEnd) => R;
  #settle!: { readonly resolve: (result: R) => void; readonly reject: (error: unknown) => void };
  /** Returns the result or throws the error. Undefined until the task has ended. */
  #result: (() => R) | undefined;

  private constructor(index: number, resultOf: (...end: TaskEnd) => R) {
    this.#index = index;
    this.#resultOf = resultOf;
    this.promise = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
    keepAlive(true);
    onEnd(index, (outcome, _waited, errno, syscall) => this.#end(outcome, errno, syscall));
  }

  /**
   * Starts a task.
   *
   * @param start - Calls the addon, which returns the index of the task or NO_TASK.
   * @param resultOf - Makes the result of the task, or throws its error. Called once, when the task has ended.
   * @returns Undefined if no thread is available. Nothing has happened then.
   */
  static start<R>(start: (addon: Addon) => number, resultOf: (...end: TaskEnd) => R): Task<R> | undefined {
    const index = start(addon());
    return index === NO_TASK ? undefined : new Task(index, resultOf);
  }

  /** Blocks until the task has ended. Returns its result or throws its error, which the promise settles with too. */
  finish(): R {
    const ending = this.#result === undefined ? finish(this.#index, Number.POSITIVE_INFINITY) : undefined;
    if (ending !== undefined) {
      const [outcome, , errno, syscall] = ending;
      this.#end(outcome, errno, syscall);
      // The caller gets the error, whether or not somebody awaits the promise.
      this.promise.catch(() => {});
    }
    return (this.#result as () => R)();
  }

  #end(...end: TaskEnd): void {
    keepAlive(false);
    try {
      const result = this.#resultOf(...end);
      this.#result = () => result;
      this.#settle.resolve(result);
    } catch (error) {
      this.#result = () => {
        throw error;
      };
      this.#settle.reject(error);
    }
  }
}
