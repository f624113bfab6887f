import { configPath } from '../config/file/config-path.js';
import { resolveConfig } from '../config/file/resolve.js';
import { readHolder } from '../lock/internal.js';
import { CommandError, type ExitCode, exitCodes } from './exit-codes.js';
import type { Output } from './output.js';

const noticeDelayMs = 500;

/** What a write needs while it waits for the lock. */
export interface Waiting {
  readonly signal: AbortSignal;
  readonly onWait: () => void;
  /** To be called when the write is over, however it ended. */
  end(): void;
}

/**
 * Makes a wait one that a person can live with: when it lasts, it tells whom it is for, and SIGINT and SIGTERM end it
 * without leaving anything half done.
 *
 * @param currentPath Names the config that is waited for.
 */
export function attendWait(currentPath: () => string, output: Output): Waiting {
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
      // With --json, standard error is for one JSON object.
      if (output.isQuiet || output.isJson) return;
      timer = setTimeout(() => {
        const text = waitText(currentPath());
        if (text !== undefined) output.notice(text);
      }, noticeDelayMs);
    },
    end() {
      clearTimeout(timer);
      process.off('SIGINT', interrupt).off('SIGTERM', terminate);
    },
  };
}

/** Undefined where the lock has just become ours, which the event loop may learn only after the timer. */
function waitText(path: string): string | undefined {
  // Read now: where many wait, the one that held the lock when the wait began is long gone.
  const holder = readHolder(lockPathOf(path));
  if (holder?.pid === process.pid) return undefined;
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
