import { lstatSync, type Stats } from 'node:fs';
import { HeldLock } from '../../lock/internal.js';
import { narrowGroup } from './copy-access.js';

/** For chown(2): leave this id as it is. */
const UNCHANGED = 2 ** 32 - 1;

const READ_WRITE = 0o666;
const OWNER_WRITE = 0o200;
const GROUP_WRITE = 0o020;
const OTHERS_WRITE = 0o002;

/** The lock file of a lock that is held. Undefined on Windows, where files inherit their access from the directory. */
export function lockFileOf(lock: HeldLock): Stats | undefined {
  if (process.platform === 'win32') return undefined;
  try {
    const file = lstatSync(lock.path);
    return file.isFile() ? file : undefined;
  } catch {
    // It was removed, for example. The transaction finds out.
    return undefined;
  }
}

/**
 * Tells whether somebody who may write a config may only read its lock file. Such a user can hold the lock, but can
 * leave no record and no mark in it.
 */
export function isNarrower(lockFile: Stats, config: Stats): boolean {
  if ((config.mode & ~lockFile.mode & (OWNER_WRITE | GROUP_WRITE | OTHERS_WRITE)) !== 0) return true;
  if ((lockFile.mode & OTHERS_WRITE) !== 0) return false;
  const hasGroup = lockFile.gid === config.gid;
  if ((config.mode & GROUP_WRITE) !== 0 && !hasGroup) return true;
  // Usually a file's group is one of its owner's groups. Root needs no permission.
  const hasOwner = lockFile.uid === config.uid || config.uid === 0 || (hasGroup && (lockFile.mode & GROUP_WRITE) !== 0);
  return (config.mode & OWNER_WRITE) !== 0 && !hasOwner;
}

/**
 * Gives a lock file the group of its config, and everybody whom the config lets in. Root also gives it to the config's
 * owner. The lock works without these changes, so those that the system refuses are skipped.
 *
 * @param config - The config, as it is or will be.
 * @param widestMode - The permission bits that the lock file may have.
 */
export function shareLockFile(lock: HeldLock, lockFile: Stats, config: Stats, widestMode: number): void {
  const user = process.geteuid?.();
  if (user !== 0 && user !== lockFile.uid) return;
  const changesOwner = user === 0 && config.uid !== 0 && lockFile.uid !== config.uid;
  if (changesOwner) HeldLock.chown(lock, config.uid, UNCHANGED);
  const changesGroup = lockFile.gid !== config.gid;
  const hasGroup = !changesGroup || HeldLock.chown(lock, UNCHANGED, config.gid);
  const shared = config.mode & READ_WRITE;
  // The bits that another group had are not for this one.
  const kept = changesGroup && hasGroup ? lockFile.mode & ~0o070 : lockFile.mode;
  const mode = (kept | (hasGroup ? shared : narrowGroup(shared))) & widestMode;
  if (mode !== (lockFile.mode & 0o777)) HeldLock.chmod(lock, mode);
}
