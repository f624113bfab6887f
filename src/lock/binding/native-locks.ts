import type { Addon, OnWaitEnd } from './addon.js';
import { recordStart } from './holder.js';
import { loadAddon } from './load-addon.js';

/** What all evaluations of this module share that were given the same addon: it calls back the first one only. */
interface Waits {
  readonly pending: Map<number, OnWaitEnd>;
  keptAlive: number;
}

const WAITS = Symbol.for('zjj.lock.waits');

type SharedAddon = Addon & { [WAITS]?: Waits };

let loaded: SharedAddon | undefined;
let command: string | undefined;

/** The addon, loaded and set up on first use. */
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

/** What the record in lock files calls this program, from the first lock on: program and subcommand, never arguments. */
export function setLockCommand(name: string): void {
  command = name;
}

export function onWaitEnd(index: number, onEnd: OnWaitEnd): void {
  waits().pending.set(index, onEnd);
}

export function forgetWait(index: number): void {
  waits().pending.delete(index);
}

/** Counts the waits that are to keep the event loop alive. */
export function keepAlive(keep: boolean): void {
  const shared = waits();
  shared.keptAlive += keep ? 1 : -1;
  if (shared.keptAlive === (keep ? 1 : 0)) addon().keepAlive(keep);
}
