import { AsyncLocalStorage } from 'node:async_hooks';
import type { LockMode } from './binding/addon.js';
import type { HeldLock } from './held-lock.js';

/** The locks of the withLock() calls around the running code, innermost first. */
interface Around {
  readonly held: HeldLock;
  readonly outer: Around | undefined;
}

const storage = new AsyncLocalStorage<Around>();
let running = 0;

/** Runs the function of a withLock() call. */
export async function holdAround<R>(held: HeldLock, use: () => R | PromiseLike<R>): Promise<R> {
  running++;
  try {
    return await storage.run({ held, outer: storage.getStore() }, use);
  } finally {
    running--;
    // Before Node.js 24, every promise of the process costs more while a storage is in use.
    if (running === 0) storage.disable();
  }
}

/** Whether a withLock() call around the running code holds the lock in a mode that conflicts. */
export function isHeldAround(path: string, mode: LockMode = 'exclusive'): boolean {
  if (running === 0) return false;
  for (let around = storage.getStore(); around !== undefined; around = around.outer) {
    const { held } = around;
    if (held.held && held.path === path && (mode === 'exclusive' || held.mode === 'exclusive')) return true;
  }
  return false;
}
