import { closeSync, fstatSync, linkSync, lstatSync, openSync, renameSync, type Stats, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ZjjError } from '../../errors.js';
import { CommitOutcome, HeldLock, NO_TASK, systemError, Task } from '../../lock/internal.js';
import { codeOf, mountPointError, notDurableError, writeError } from './config-error.js';
import { copyAccess } from './copy-access.js';
import { closeQuietly } from './descriptor.js';
import { lookAgainIfStale } from './stale-name.js';
import { temporaryName, tryUnlink } from './sweep.js';
import { directoryError } from './write-denial.js';

/** A temporary file beside a config, to replace it. {@link discard} removes the file unless it was committed. */
export class Replacement {
  /** Whether the path had no file when this was created. */
  readonly createsFile: boolean;
  /** Whether the temporary name could not be removed. The next writer must then sweep. */
  leavesTemporaryFile = false;
  readonly #path: string;
  readonly #temporary: string;
  #fd: number | undefined;
  #hasEnded = false;

  private constructor(path: string, createsFile: boolean, temporary: string, fd: number) {
    this.#path = path;
    this.createsFile = createsFile;
    this.#temporary = temporary;
    this.#fd = fd;
  }

  /**
   * Creates the temporary file, empty.
   *
   * @throws ZjjError CONFIG_WRITE
   */
  static create(path: string, createsFile: boolean, fileMode: number): Replacement {
    // 0600 until the old file's mode is copied: its secrets must not be readable even for a moment.
    const { temporary, fd } = openTemporary(path, createsFile ? fileMode : 0o600);
    return new Replacement(path, createsFile, temporary, fd);
  }

  /** The temporary file's name. */
  get name(): string {
    return basename(this.#temporary);
  }

  /**
   * Writes the bytes, and copies the old file's owner, mode and attributes.
   *
   * @param widestMode - The permission bits that the new file may keep of the old one.
   * @returns The temporary file, as it will replace the config.
   * @throws ZjjError CONFIG_WRITE
   */
  write(bytes: Uint8Array, old: Stats | undefined, widestMode: number): Stats {
    const fd = this.#fd as number;
    try {
      writeFileSync(fd, bytes);
      if (old !== undefined) copyAccess(this.#path, old, fd, widestMode);
      return fstatSync(fd);
    } catch (error) {
      throw error instanceof ZjjError ? error : writeError(this.#path, error);
    }
  }

  /**
   * Yields the descriptor, which must be synced before the generator continues.
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
   * Moves the temporary file to the config's path.
   *
   * @param old - The file that was read; undefined if there was none.
   * @returns False if the path has another file now, or if the temporary file was removed. Nothing has changed then.
   * @throws ZjjError CONFIG_WRITE; nothing has changed then.
   */
  commit(old: Stats | undefined): boolean {
    try {
      if (!isSameFile(this.#path, old)) return false;
      if (old !== undefined) renameSync(this.#temporary, this.#path);
      else if (!this.#linkOrRename()) return false;
      this.#hasEnded = true;
      return true;
    } catch (error) {
      // Another writer has swept the temporary file, or created the config. It holds the lock that this one lost. ESTALE:
      // another machine has changed the directory.
      if (['ENOENT', 'EEXIST', 'ESTALE'].includes(codeOf(error) ?? '')) return false;
      if (codeOf(error) === 'EBUSY') throw mountPointError(this.#path, error);
      throw directoryError(this.#path, error);
    }
  }

  /**
   * Syncs and commits on another thread (native/file/file_commit.h). That thread also releases the lock with the clean
   * mark, and syncs the directory. Done step by step on this thread, each fsync would cost a turn of the event loop, and
   * others would wait for the lock during one of these turns.
   *
   * @param old - The file that was read.
   * @returns A task with the result of `commit`; the lock then no longer belongs to this thread. Undefined if another
   *   thread cannot do this here; nothing has happened then.
   */
  commitOnThread(lock: HeldLock, old: Stats): Task<boolean> | undefined {
    const fd = this.#fd;
    if (fd === undefined) return undefined;
    // Deno rounds times to whole milliseconds. Native code compares exact times and would see another file.
    if (Number.isInteger(old.mtimeMs)) return undefined;
    const task = HeldLock.handOver(lock, (index, onReleased) =>
      Task.start(
        ({ commit }) =>
          commit?.(
            index,
            fd,
            this.#temporary,
            this.#path,
            dirname(this.#path),
            old.dev,
            old.ino,
            old.size,
            old.mtimeMs,
          ) ?? NO_TASK,
        (outcome, errno, syscall) => {
          onReleased();
          // Node.js opened the descriptor and must close it: it tracks the descriptors of a worker.
          closeQuietly(fd);
          if (outcome === CommitOutcome.done) return true;
          if (outcome === CommitOutcome.lost) return false;
          throw this.#commitError(outcome, systemError(this.#path, { errno, syscall }));
        },
      ),
    );
    if (task === undefined) return undefined;
    this.#fd = undefined;
    this.#hasEnded = true;
    return task;
  }

  /** Removes the temporary file, unless it was committed or removed already. */
  discard(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    if (this.#fd !== undefined) closeQuietly(this.#fd);
    this.leavesTemporaryFile = !tryUnlink(this.#temporary);
  }

  #commitError(outcome: number, cause: NodeJS.ErrnoException): ZjjError {
    if (outcome === CommitOutcome.notDurable) return notDurableError(this.#path, cause);
    if (cause.syscall !== 'rename') return writeError(this.#path, cause);
    return cause.code === 'EBUSY' ? mountPointError(this.#path, cause) : directoryError(this.#path, cause);
  }

  /** link(2) fails if the path has a file by now; rename(2) would replace it. Returns false if it has one. */
  #linkOrRename(): boolean {
    try {
      linkSync(this.#temporary, this.#path);
    } catch (error) {
      if (!isLinkUnsupported(error)) throw error;
      // Look once more: a network file system may have answered from a stale cache that there is no config.
      if (!isSameFile(this.#path, undefined)) return false;
      renameSync(this.#temporary, this.#path);
      return true;
    }
    this.leavesTemporaryFile = !tryUnlink(this.#temporary);
    return true;
  }
}

function openTemporary(path: string, mode: number): { temporary: string; fd: number } {
  for (;;) {
    const temporary = join(dirname(path), temporaryName(path));
    try {
      return { temporary, fd: openSync(temporary, 'wx', mode) };
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw directoryError(path, error);
    }
  }
}

/** Tells whether the path still names the file that was read. An editor that ignores the lock may have saved since. */
function isSameFile(path: string, old: Stats | undefined): boolean {
  let now: Stats;
  try {
    now = lookAgainIfStale(() => lstatSync(path));
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

/** True if the file system does not support hard links. */
function isLinkUnsupported(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'EPERM' || code === 'ENOTSUP' || code === 'EOPNOTSUPP' || code === 'ENOSYS' || code === 'EMLINK';
}
