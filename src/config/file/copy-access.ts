import { fchmodSync, fchownSync, fstatSync, type Stats } from 'node:fs';
import { ZjjError } from '../../errors.js';
import { addon, LIST_LOST, systemError } from '../../lock/internal.js';
import { codeOf, writeError } from './config-error.js';

/**
 * Gives a new file the group, owner, mode, access control list and user attributes of the file that it replaces. If that
 * is not allowed, access becomes narrower, never wider.
 *
 * The order matters, see chown(2): chown after chmod drops set-user-ID. Group and owner are set one by one, since a user
 * who may not change the owner may still change the group.
 *
 * @param path - The old file.
 * @param fd - The new file, open.
 * @param widestMode - The permission bits that the new file may have.
 * @throws ZjjError CONFIG_WRITE: the owner or the group would lose access, or others would gain it. The system's error
 *   if a call fails.
 */
export function copyAccess(path: string, old: Stats, fd: number, widestMode: number): void {
  if (process.platform === 'win32') return;
  const fresh = fstatSync(fd);
  const groupFailure = fresh.gid === old.gid ? undefined : tryChown(fd, -1, old.gid);
  const ownerFailure = fresh.uid === old.uid ? undefined : tryChown(fd, old.uid, -1);
  const keepsGroup = groupFailure === undefined;
  const keepsOwner = ownerFailure === undefined;
  const keptMode = old.mode & (0o7000 | widestMode);
  let mode = keptMode;
  if (!keepsGroup) mode = narrowGroup(mode);
  // A set-user-ID program must not run as another user than before.
  if (!keepsOwner) mode &= ~0o4000;
  const change = changeOfAccess(keptMode, keepsOwner, keepsGroup);
  if (change !== undefined) {
    const who = keepsOwner ? `group (gid ${old.gid})` : `owner (uid ${old.uid})`;
    const cause = ownerFailure ?? groupFailure;
    const message = `Cannot write ${path}: its ${who} would ${change} access to the new file, because ${whyNot(cause, keepsOwner)}`;
    throw new ZjjError('CONFIG_WRITE', message, { path, cause });
  }
  // Attributes before the mode. The mode of a file with an access control list is the list's mask: a list inherited from
  // the directory would widen it, and a list that could not be copied would give the group more.
  const failure = addon().copyAttributes(path, fd);
  if (failure > 0) throw writeError(path, systemError(path, { errno: failure, syscall: 'fsetxattr' }));
  fchmodSync(fd, failure === LIST_LOST ? narrowGroup(mode) : mode);
}

/** Why the new file could not get the old owner, or the old group. */
function whyNot(cause: unknown, isGroup: boolean): string {
  if (codeOf(cause) === 'EINVAL') return 'this user namespace does not map that id (EINVAL)';
  return isGroup ? 'this user is not in that group (EPERM)' : 'only root may give a file to another user (EPERM)';
}

/** Returns the error if the system does not allow the change; undefined if it was made. */
function tryChown(fd: number, uid: number, gid: number): unknown {
  try {
    fchownSync(fd, uid, gid);
    return undefined;
  } catch (error) {
    if (codeOf(error) === 'EPERM' || codeOf(error) === 'EINVAL') return error;
    throw error;
  }
}

/**
 * Gives the group only the rights of others, and drops set-group-ID: the file has another group now, or has lost its
 * access control list.
 */
export function narrowGroup(mode: number): number {
  return (mode & ~0o2070) | ((mode & 0o007) << 3);
}

/** Tells whether the old owner or group would lose a right to read or write, or the group would gain one. */
function changeOfAccess(mode: number, keepsOwner: boolean, keepsGroup: boolean): 'lose' | 'gain' | undefined {
  const owner = (mode >> 6) & 6;
  const group = (mode >> 3) & 6;
  const others = mode & 6;
  if (!keepsGroup && (group & ~others) !== 0) return 'lose';
  // The old owner now counts as group or others. Usually a file's group is one of its owner's groups.
  if (!keepsOwner && (owner & ~(keepsGroup ? group | others : others)) !== 0) return 'lose';
  // A mode such as 0604 denies the group what others may do.
  return !keepsGroup && (others & ~group) !== 0 ? 'gain' : undefined;
}
