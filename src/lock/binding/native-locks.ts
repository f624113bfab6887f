import type { Addon, Ending, OnEnd } from './addon.js';
import { recordStart } from './holder.js';
import { loadAddon } from './load-addon.js';

/** Shared by all copies of this module that load the same addon, because the addon calls back only the first copy. */
interface Waits {
  /** The callbacks of waits and tasks. */
  readonly pending: Map<number, OnEnd>;
  keptAlive: number;
}

const WAITS = Symbol.for('zjj.lock.waits');

type SharedAddon = Addon & { [WAITS]?: Waits };

let loaded: SharedAddon | undefined;
let command: string | undefined;

/** Returns the addon. Loads it and sets it up on first use. Throws ADDON_LOAD. */
export function addon(): Addon {
  if (loaded === undefined) {
    const fresh: SharedAddon = loadAddon();
    if (fresh[WAITS] === undefined) {
      const pending = new Map<number, OnEnd>();
      fresh.setup(recordStart(command), (index, ...ending) => {
        const callback = pending.get(index);
        pending.delete(index);
        callback?.(...ending);
      });
      fresh[WAITS] = { pending, keptAlive: 0 };
    }
    loaded = fresh;
  }
  return loaded;
}

function waits(): Waits {
  addon();
  return loaded?.[WAITS] as Waits;
}

/**
 * Sets the `command` in the record that this process leaves in lock files. Call it before the first lock.
 *
 * @param name Program and subcommand, never arguments: other users can read the lock file.
 */
export function setLockCommand(name: string): void {
  command = name;
}

/** Sets the callback for the end of the wait or task that the addon returned `index` for. */
export function onEnd(index: number, callback: OnEnd): void {
  waits().pending.set(index, callback);
}

/**
 * Blocks until a wait or task has ended. Its callback is not called any more.
 *
 * @param timeoutMs - In milliseconds.
 * @returns What the callback would have got. Undefined if the time is over, or if there is no such wait or task.
 */
export function finish(index: number, timeoutMs: number): Ending | undefined {
  const finished = addon().finish(index, timeoutMs === Number.POSITIVE_INFINITY ? -1 : timeoutMs);
  if (finished === undefined) return undefined;
  waits().pending.delete(index);
  const [, ...ending] = finished;
  return ending;
}

/** Removes the callback of a wait that will never end. */
export function forgetWait(index: number): void {
  waits().pending.delete(index);
}

/**
 * Counts the queues and tasks that keep the event loop alive. Each calls it with true when it starts to do so, and with
 * false when it stops.
 */
export function keepAlive(keep: boolean): void {
  const shared = waits();
  shared.keptAlive += keep ? 1 : -1;
  if (shared.keptAlive === (keep ? 1 : 0)) addon().keepAlive(keep);
}
