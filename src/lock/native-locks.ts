import { type Addon, loadAddon } from './addon.js';
import { recordStart } from './holder.js';

/** Answers the end of one wait in the kernel. */
export type OnWaitEnd = (status: number, errno: number, call: string) => void;

let loaded: Addon | undefined;
let command: string | undefined;
const pendingWaits = new Map<number, OnWaitEnd>();
let keepAliveCount = 0;

/** The addon, loaded and set up on first use. */
export function addon(): Addon {
  if (loaded === undefined) {
    const fresh = loadAddon();
    fresh.setup(recordStart(command), (index, status, errno, call) => {
      const onEnd = pendingWaits.get(index);
      pendingWaits.delete(index);
      onEnd?.(status, errno, call);
    });
    loaded = fresh;
  }
  return loaded;
}

/** What the record in lock files calls this program, from the first lock on: program and subcommand, never arguments. */
export function setLockCommand(name: string): void {
  command = name;
}

export function onWaitEnd(index: number, onEnd: OnWaitEnd): void {
  pendingWaits.set(index, onEnd);
}

export function forgetWait(index: number): void {
  pendingWaits.delete(index);
}

/** Counts the waits that are to keep the event loop alive. */
export function keepAlive(keep: boolean): void {
  keepAliveCount += keep ? 1 : -1;
  if (keep ? keepAliveCount === 1 : keepAliveCount === 0) addon().keepAlive(keep);
}
