// What happens to the writers of a round, by name. Every mode has readers, several files and every form of writer
// unless it says otherwise; the seed decides on the rest.

const timeout = (code) => code === 'LOCK_TIMEOUT';
const full = (code, cause) => code === 'CONFIG_WRITE' && cause === 'ENOSPC';

export const MODES = {
  /** Nothing but each other. */
  calm: {},
  /** Writers are killed, mostly while they hold a lock, and new ones take their place. */
  kill: { kills: true },
  /** Holders are stopped for longer than the others wait. */
  stop: { stops: true, allows: timeout },
  /** Lock files are removed now and then: also under a stopped holder, and with holders killed. */
  delete: { kills: true, stops: true, deletes: true, allows: timeout },
  /** Lock files are removed as often as can be. */
  'delete-tight': { stops: true, deletesEveryMs: 0.2, allows: timeout },
  /** The disk is full half of the time. */
  'disk-full': { kills: true, fillsDisk: true, allows: full },
  /** An editor saves by renames under the lock. */
  editor: { kills: true, edits: true },
  /** Nothing but counting, as much as can be, under the same (docs/decisions/sweep-condition.md). */
  count: {
    ...{ processes: 4, writersEach: 50, forms: ['async'], files: 1, kinds: ['count'] },
    ...{ stops: true, deletesEveryMs: 0.2, allows: timeout },
  },
  /** A hundred processes count. */
  crowd: {
    ...{ processes: 100, writersEach: 1, files: 1, kinds: ['count'] },
    ...{ stops: true, deletesEveryMs: 0.2, allows: timeout },
  },
};
