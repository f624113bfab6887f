import { configPath, resolveConfig } from '../config/file/resolve.js';
import { isThisProcess, readHolder } from '../lock/internal.js';
import { CommandError, type ExitCode, exitCodes } from './exit-codes.js';
import type { Output } from './output.js';

const noticeDelayMs = 500;

/** A wait for the lock that the user can see and interrupt. */
export interface InterruptibleWait {
  /** Aborted by SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  readonly onWait: () => void;
  /** Call this when the write has ended, whether it succeeded or not. */
  end(): void;
}

/**
 * Prepares a wait for the lock. If the wait takes over half a second, a notice names the holder. SIGINT and SIGTERM end
 * it, and nothing is written.
 *
 * @param currentPath - Returns the path of the config that the command waits for.
 */
export function interruptibleWait(currentPath: () => string, output: Output): InterruptibleWait {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const abort = (exitCode: ExitCode) => {
    controller.abort(new CommandError('INTERRUPTED', exitCode, 'Interrupted. Nothing was written.'));
  };
  const interrupt = () => abort(exitCodes.interrupted);
  const terminate = () => abort(exitCodes.terminated);
  process.once('SIGINT', interrupt).once('SIGTERM', terminate);
  return {
    signal: controller.signal,
    onWait() {
      // With --json, standard error carries at most one JSON object.
      if (output.isQuiet || output.isJson) return;
      timer = setTimeout(() => {
        const text = noticeText(currentPath());
        if (text !== undefined) output.printNotice(text);
      }, noticeDelayMs);
    },
    end() {
      clearTimeout(timer);
      process.off('SIGINT', interrupt).off('SIGTERM', terminate);
    },
  };
}

/** Undefined if this process now holds the lock: the timer may fire before the event loop delivers the grant. */
function noticeText(path: string): string | undefined {
  // Read now: with many waiters, the holder from the start of the wait has long released the lock.
  const holder = readHolder(lockPathOf(path));
  if (holder !== undefined && isThisProcess(holder)) return undefined;
  const by = holder ? `, held by pid ${holder.pid} (${holder.command})` : '';
  return `Waiting for lock on ${path}${by}…`;
}

function lockPathOf(path: string): string {
  try {
    return `${resolveConfig(configPath(path))}.lock`;
  } catch {
    return `${path}.lock`;
  }
}
