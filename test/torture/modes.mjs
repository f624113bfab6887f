// The modes of a round: how each disturbs the writers. By default a mode has readers, several files and all forms of
// writers. The seed decides the rest.

const isTimeout = (code) => code === 'LOCK_TIMEOUT';
const isDiskFull = (code, cause) => code === 'CONFIG_WRITE' && cause === 'ENOSPC';

export const MODES = {
  /** Writers and readers only contend with each other. */
  calm: {},
  /** Writers are killed, usually while they hold a lock, and replaced. */
  kill: { kills: true },
  /** Holders are stopped (SIGSTOP), often for longer than the timeout of the waiters. */
  stop: { stops: true, allows: isTimeout },
  /** Lock files are removed from time to time, also under a stopped holder. Writers are killed too. */
  delete: { kills: true, stops: true, deletes: true, allows: isTimeout },
  /** Lock files are removed as often as possible. */
  'delete-tight': { stops: true, deletesEveryMs: 0.2, allows: isTimeout },
  /** The disk is full half of the time, and writers are killed. */
  'disk-full': { kills: true, fillsDisk: true, allows: isDiskFull },
  /** An editor replaces the config under the lock, and writers are killed. */
  editor: { kills: true, edits: true },
  /** Like delete-tight, but all calls are increments of one file (docs/decisions/sweep-condition.md). */
  count: {
    ...{ processes: 4, writersEach: 50, forms: ['async'], files: 1, kinds: ['count'] },
    ...{ stops: true, deletesEveryMs: 0.2, allows: isTimeout },
  },
  /** Like count, with a hundred processes. */
  crowd: {
    ...{ processes: 100, writersEach: 1, files: 1, kinds: ['count'] },
    ...{ stops: true, deletesEveryMs: 0.2, allows: isTimeout },
  },
};
