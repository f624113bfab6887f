// The modes of a round: how each disturbs the writers. By default a mode has readers, several files and all forms of
// writers. The seed decides the rest.

const isTimeout = (code) => code === 'LOCK_TIMEOUT';
const isDiskFull = (code, cause) => code === 'CONFIG_WRITE' && cause === 'ENOSPC';
/** The codes of a write that the system refuses. */
const isSystemError = (code) => ['CONFIG_READ', 'CONFIG_WRITE', 'LOCK_IO'].includes(code);
const isDenied = (code, cause) =>
  isSystemError(code) && (cause === 'EACCES' || cause === 'EPERM' || cause === undefined);
const isLimited = (code, cause) => isSystemError(code) && ['EMFILE', 'EFBIG', 'EAGAIN'].includes(cause);
const isMoved = (code, cause) => isSystemError(code) && ['ENOENT', 'ENOTDIR'].includes(cause);
const isNotLock = (code, cause) =>
  code === 'LOCK_FILE_INVALID' || (isSystemError(code) && ['ELOOP', 'EISDIR', undefined].includes(cause));

/** The forms of writers whose limits and rights are known while they run. */
const IN_PROCESS = ['async', 'async', 'sync'];

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
  /** Some writers are users without rights, who share the config. Writers are killed. */
  users: { kills: true, users: true },
  /** Users without rights lose their access to the folder, the config and the lock file from time to time. */
  chmod: { users: true, chmods: true, forms: IN_PROCESS, allows: isDenied },
  /** Writers run out of descriptors, threads and the size of files. Some of them are killed by that. */
  limits: { kills: true, limits: true, users: true, forms: IN_PROCESS, fillers: 1500, allows: isLimited },
  /** Something else takes the place of the lock file from time to time: a link, a folder, data. */
  'swap-lock': { kills: true, swapsLocks: true, allows: isNotLock },
  /** The folder of the config is moved away and back. Each write is in the folder that was there. */
  'swap-folder': { kills: true, swapsFolders: true, kinds: ['mark'], allows: isMoved },
  /** Writers make new nested folders at once, again and again. */
  nested: { kills: true, nested: true, kinds: ['mark'] },
  /** Like count, with a hundred processes. */
  crowd: {
    ...{ processes: 100, writersEach: 1, files: 1, kinds: ['count'] },
    ...{ stops: true, deletesEveryMs: 0.2, allows: isTimeout },
  },
};
