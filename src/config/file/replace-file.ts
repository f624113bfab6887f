import {
  closeSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  linkSync,
  lstatSync,
  openSync,
  readdirSync,
  renameSync,
  type Stats,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ZjjError } from '../../errors.js';
import { addon, CommitOutcome, HeldLock, LIST_LOST, systemError } from '../../lock/internal.js';
import { closeQuietly } from './close-quietly.js';
import { codeOf, mountPointError, notDurableError, writeError } from './config-error.js';

/** The new file beside the one that it will replace. Nothing is left of it once it is discarded. */
export class Replacement {
  /** Whether it is made to stand where nothing is. */
  readonly isFirst: boolean;
  /** Whether the temporary name could not be removed: the next writer must sweep. */
  leavesLitter = false;
  readonly #path: string;
  readonly #temporary: string;
  #fd: number | undefined;
  #hasEnded = false;

  private constructor(path: string, isFirst: boolean, temporary: string, fd: number) {
    this.#path = path;
    this.isFirst = isFirst;
    this.#temporary = temporary;
    this.#fd = fd;
  }

  /**
   * Makes the new file, empty.
   *
   * @throws ZjjError CONFIG_WRITE
   */
  static create(path: string, isFirst: boolean, fileMode: number): Replacement {
    // 0600 first: what the old file keeps to its owner must not be open to others for a moment.
    const { temporary, fd } = openTemporary(path, isFirst ? fileMode : 0o600);
    return new Replacement(path, isFirst, temporary, fd);
  }

  /** Its name until it is at its place. */
  get name(): string {
    return basename(this.#temporary);
  }

  /**
   * Completes it, with all that the old one had.
   *
   * @throws ZjjError CONFIG_WRITE
   */
  write(bytes: Uint8Array, old: Stats | undefined): void {
    const fd = this.#fd as number;
    try {
      writeFileSync(fd, bytes);
      if (old !== undefined) copyOwnership(this.#path, old, fd);
    } catch (error) {
      throw error instanceof ZjjError ? error : writeError(this.#path, error);
    }
  }

  /**
   * Yields the descriptor that must be on disk before it goes on.
   *
   * @throws ZjjError CONFIG_WRITE
   */
  *sync(): Generator<number, void> {
    const fd = this.#fd as number;
    try {
      yield fd;
      this.#fd = undefined;
      closeSync(fd);
    } catch (error) {
      throw writeError(this.#path, error);
    }
  }

  /**
   * Puts it at its place.
   *
   * @param old - The file that it was made from; undefined if there was none.
   * @returns False when that is no longer what stands there, or when the new file is gone; then nothing has changed.
   * @throws ZjjError CONFIG_WRITE; then nothing has changed.
   */
  commit(old: Stats | undefined): boolean {
    try {
      if (!isSameFile(this.#path, old)) return false;
      if (old === undefined) this.#putWhereNothingIs();
      else renameSync(this.#temporary, this.#path);
      this.#hasEnded = true;
      return true;
    } catch (error) {
      // Somebody swept our file, or was quicker: whoever did holds the lock that we lost.
      if (codeOf(error) === 'ENOENT' || codeOf(error) === 'EEXIST') return false;
      if (codeOf(error) === 'EBUSY') throw mountPointError(this.#path, error);
      throw writeError(this.#path, error);
    }
  }

  /**
   * What `sync` and `commit` do and all that comes after it, in one piece of work on another thread, native/file/file_commit.h:
   * the lock is released with the clean mark, the directory synced. Done one by one, each fsync would end with a turn of
   * the event loop, and for one of these turns others would wait for the lock.
   *
   * @param old - The file that it was made from.
   * @returns Undefined where that can't be done; nothing has happened then. Else a promise as of what `commit` returns,
   *   and the lock is no longer held by this thread.
   */
  commitOnThread(lock: HeldLock, old: Stats): Promise<boolean> | undefined {
    const { commit } = addon();
    const fd = this.#fd;
    if (commit === undefined || fd === undefined) return undefined;
    // What native code sees is finer than the whole milliseconds that Deno tells, and would be another file's.
    if (Number.isInteger(old.mtimeMs)) return undefined;
    let settle!: { resolve: (isDone: boolean) => void; reject: (error: unknown) => void };
    const promise = new Promise<boolean>((resolve, reject) => (settle = { resolve, reject }));
    const isTaken = HeldLock.handOver(lock, (index, onReleased) =>
      commit(
        index,
        fd,
        this.#temporary,
        this.#path,
        dirname(this.#path),
        old.dev,
        old.ino,
        old.size,
        old.mtimeMs,
        (outcome, errno, syscall) => {
          onReleased();
          // By whom it was opened: Node.js keeps account of a worker's descriptors.
          closeQuietly(fd);
          if (outcome === CommitOutcome.done) settle.resolve(true);
          else if (outcome === CommitOutcome.lost) settle.resolve(false);
          else settle.reject(this.#failure(outcome, systemError(this.#path, { errno, syscall })));
        },
      ),
    );
    if (!isTaken) return undefined;
    this.#fd = undefined;
    this.#hasEnded = true;
    return promise;
  }

  #failure(outcome: number, cause: NodeJS.ErrnoException): ZjjError {
    if (outcome === CommitOutcome.notDurable) return notDurableError(this.#path, cause);
    const isMountPoint = cause.code === 'EBUSY' && cause.syscall === 'rename';
    return isMountPoint ? mountPointError(this.#path, cause) : writeError(this.#path, cause);
  }

  /** Removes it, unless it is at its place or was removed already. */
  discard(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    if (this.#fd !== undefined) closeQuietly(this.#fd);
    this.leavesLitter = !removeQuietly(this.#temporary);
  }

  /** As a rename that fails where something is. */
  #putWhereNothingIs(): void {
    try {
      linkSync(this.#temporary, this.#path);
    } catch (error) {
      if (!hasNoLinks(error)) throw error;
      renameSync(this.#temporary, this.#path);
      return;
    }
    this.leavesLitter = !removeQuietly(this.#temporary);
  }
}

function openTemporary(path: string, mode: number): { temporary: string; fd: number } {
  for (;;) {
    const temporary = join(dirname(path), `.${basename(path)}.${Math.random().toString(36).slice(2)}.tmp`);
    try {
      return { temporary, fd: openSync(temporary, 'wx', mode) };
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw writeError(path, error);
    }
  }
}

/**
 * Removes what writers that died have left beside a config, and what those are making who lost the lock. Under the lock
 * there is no other kind of temporary file but one's own.
 *
 * @returns Whether nothing is left.
 */
export function sweepTemporaryFiles(path: string, own?: Replacement): boolean {
  const prefix = `.${basename(path)}.`;
  const suffix = '.tmp';
  let names: string[];
  try {
    names = readdirSync(dirname(path));
  } catch (error) {
    throw writeError(path, error);
  }
  let isSwept = true;
  for (const name of names) {
    // A dot between would make it that of another config, whose name begins like this one's.
    const isOurs =
      name.startsWith(prefix) &&
      name.endsWith(suffix) &&
      name.length > prefix.length + suffix.length &&
      !name.slice(prefix.length, -suffix.length).includes('.');
    if (isOurs && name !== own?.name && !removeQuietly(join(dirname(path), name))) isSwept = false;
  }
  return isSwept;
}

/** Whether `old` is still what stands at the path. An editor that knows no lock may have saved meanwhile. */
function isSameFile(path: string, old: Stats | undefined): boolean {
  let now: Stats;
  try {
    now = lstatSync(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return old === undefined;
    throw error;
  }
  return (
    old !== undefined &&
    now.dev === old.dev &&
    now.ino === old.ino &&
    now.size === old.size &&
    now.mtimeMs === old.mtimeMs
  );
}

/**
 * Gives the open new file the owner, group, mode and attributes of the old one, or narrower ones; never wider.
 * Group, owner, mode, in this order and one by one: chown after chmod drops set-user-ID, and one chown of both fails
 * where that of the group alone would work.
 */
function copyOwnership(path: string, old: Stats, fd: number): void {
  if (process.platform === 'win32') return;
  const fresh = fstatSync(fd);
  const keepsGroup = fresh.gid === old.gid || tryChown(fd, -1, old.gid);
  const keepsOwner = fresh.uid === old.uid || tryChown(fd, old.uid, -1);
  let mode = old.mode & 0o7777;
  if (!keepsGroup) mode = narrowGroup(mode);
  // Not for another user than it was meant for.
  if (!keepsOwner) mode &= ~0o4000;
  const change = changeOfAccess(old.mode, keepsOwner, keepsGroup);
  if (change !== undefined) {
    const who = keepsOwner ? 'group' : 'owner';
    const message = `Cannot write ${path}: its ${who} could not be kept and would ${change} access`;
    throw new ZjjError('CONFIG_WRITE', message, { path });
  }
  // Before the mode, which is the mask of whatever access control list the file has now: one inherited from the directory
  // would widen it, and a list that could not be copied would widen the group.
  const lost = addon().copyAttributes(path, fd);
  if (lost > 0) throw writeError(path, systemError(path, { errno: lost, syscall: 'fsetxattr' }));
  fchmodSync(fd, lost === LIST_LOST ? narrowGroup(mode) : mode);
}

function tryChown(fd: number, uid: number, gid: number): boolean {
  try {
    fchownSync(fd, uid, gid);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EPERM' || codeOf(error) === 'EINVAL') return false;
    throw error;
  }
}

/** Another group gets what everybody has. */
function narrowGroup(mode: number): number {
  return (mode & ~0o2070) | ((mode & 0o007) << 3);
}

/** Whether the owner or the group would lose a right to read or write that they had, or the group gain one. */
function changeOfAccess(mode: number, keepsOwner: boolean, keepsGroup: boolean): 'lose' | 'gain' | undefined {
  const owner = (mode >> 6) & 6;
  const group = (mode >> 3) & 6;
  const others = mode & 6;
  if (!keepsGroup && (group & ~others) !== 0) return 'lose';
  // The old owner is one of the group or of the others now. Files mostly belong to a group of their owner.
  if (!keepsOwner && (owner & ~(keepsGroup ? group | others : others)) !== 0) return 'lose';
  // A mode may shut the group out of what all others may do.
  return !keepsGroup && (others & ~group) !== 0 ? 'gain' : undefined;
}

/** File systems without hard links. */
function hasNoLinks(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'EPERM' || code === 'ENOTSUP' || code === 'EOPNOTSUPP' || code === 'ENOSYS' || code === 'EMLINK';
}

/** False when it is still there. */
function removeQuietly(path: string): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch (error) {
    return codeOf(error) === 'ENOENT';
  }
}
