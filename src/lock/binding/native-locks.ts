import type { Addon, OnWaitEnd } from './addon.js';
import { recordStart } from './holder.js';
import { loadAddon } from './load-addon.js';

/** Shared by all copies of this module that load the same addon, because the addon calls back only the first copy. */
interface Waits {
  readonly pending: Map<number, OnWaitEnd>;
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
      const pending = new Map<number, OnWaitEnd>();
      fresh.setup(recordStart(command), (index, status, waited, errno, call) => {
        const onEnd = pending.get(index);
        pending.delete(index);
        onEnd?.(status, waited, errno, call);
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

/** Sets the callback for the end of the wait that `startWait` returned `index` for. */
export function onWaitEnd(index: number, onEnd: OnWaitEnd): void {
  waits().pending.set(index, onEnd);
}

/** Removes the callback of a wait that will never end. */
export function forgetWait(index: number): void {
  waits().pending.delete(index);
}

/**
 * Counts the queues that keep the event loop alive. A queue calls it with true when it starts to do so, and with false
 * when it stops.
 */
export function keepAlive(keep: boolean): void {
  const shared = waits();
  shared.keptAlive += keep ? 1 : -1;
  if (shared.keptAlive === (keep ? 1 : 0)) addon().keepAlive(keep);
}
