import { basename, dirname, join } from 'node:path';
import type { DiskEvent } from './disk-event.js';
import { History } from './history.js';
import type { Tree } from './tree.js';

/**
 * A disk under the strictest reading of POSIX. It keeps only what was synced:
 *
 * - The data and the mode of a file are on disk once the file was synced after they changed.
 * - A name is on disk once its directory was synced after the name changed. Names change independently: of a rename, the
 *   disk may have either half.
 * - A synced file may have no name, and a synced name may lead to a file without data.
 */
export class Disk {
  readonly root: File | Directory;
  readonly #path: string;
  /** The last file that had each name: strace(1) still shows an open file by the name that it lost. */
  readonly #entries = new Map<string, File | Directory>();
  /** Ends the syncs that have begun. */
  readonly #syncs = new Map<unknown, () => void>();

  /** @param tree - What the directory at `path` contains. All of it is on disk. */
  constructor(path: string, tree: Tree) {
    this.#path = path;
    this.root = this.#load(path, tree);
  }

  apply(event: DiskEvent): void {
    switch (event.kind) {
      case 'create': {
        const isNew = this.#named(event.path) === undefined;
        if (isNew) this.#setName(event.path, new File(Buffer.alloc(0), event.mode));
        const file = this.#file(event.path);
        if (event.truncates && !isNew) file.truncate(0);
        file.position = 0;
        break;
      }
      case 'mkdir':
        this.#setName(event.path, new Directory());
        break;
      case 'write':
        this.#file(event.path).write(event.data, event.offset);
        break;
      case 'truncate':
        this.#file(event.path).truncate(event.size);
        break;
      case 'chmod':
        this.#file(event.path).mode.add(event.mode);
        break;
      case 'link':
        this.#setName(event.to, this.#named(event.path));
        break;
      case 'rename':
        this.#setName(event.to, this.#named(event.path));
        this.#setName(event.path, undefined);
        break;
      case 'unlink':
        this.#setName(event.path, undefined);
        break;
      case 'sync begins':
        this.#syncs.set(event.sync, this.#entry(event.path).beginSync());
        break;
      case 'sync ends':
        this.#syncs.get(event.sync)?.();
        break;
      case 'output':
        break;
    }
  }

  #load(path: string, tree: Tree): File | Directory {
    const entry = tree.kind === 'file' ? new File(tree.data, tree.mode) : new Directory();
    this.#entries.set(path, entry);
    if (tree.kind === 'directory' && entry instanceof Directory) {
      for (const [name, child] of tree.entries) {
        entry.names.set(name, new History<Entry>(this.#load(join(path, name), child)));
      }
    }
    return entry;
  }

  #entry(path: string): File | Directory {
    const entry = this.#entries.get(path.replace(/ \(deleted\)$/, ''));
    if (entry === undefined) throw new Error(`the trace does not show what made ${path}`);
    return entry;
  }

  #file(path: string): File {
    const entry = this.#entry(path);
    if (entry instanceof Directory) throw new Error(`${path} is a directory`);
    return entry;
  }

  #directoryOf(path: string): Directory {
    const entry = this.#entry(dirname(path));
    if (entry instanceof File) throw new Error(`${dirname(path)} is not a directory`);
    return entry;
  }

  /** What a path names now, if it names anything. */
  #named(path: string): Entry {
    return path === this.#path ? this.root : this.#directoryOf(path).names.get(basename(path))?.latest;
  }

  #setName(path: string, entry: Entry): void {
    const { names } = this.#directoryOf(path);
    const history = names.get(basename(path)) ?? new History<Entry>(undefined);
    names.set(basename(path), history);
    history.add(entry);
    if (entry !== undefined) this.#entries.set(path, entry);
  }
}

type Entry = File | Directory | undefined;

export class Directory {
  readonly names = new Map<string, History<Entry>>();

  beginSync(): () => void {
    const syncs = [...this.names.values()].map((history) => history.beginSync());
    return () => {
      for (const end of syncs) end();
    };
  }
}

export class File {
  /** The content after each write. */
  readonly data: History<Buffer>;
  readonly mode: History<number>;
  /** Where the next write(2) writes. Only one descriptor at a time writes to a file in this way. */
  position = 0;

  constructor(data: Buffer, mode: number) {
    this.data = new History(data);
    this.mode = new History(mode);
  }

  write(bytes: Buffer, offset = this.position): void {
    const data = resize(this.data.latest, Math.max(this.data.latest.length, offset + bytes.length));
    bytes.copy(data, offset);
    this.position = offset + bytes.length;
    this.data.add(data);
  }

  truncate(size: number): void {
    this.data.add(resize(this.data.latest, size));
  }

  beginSync(): () => void {
    const syncs = [this.data.beginSync(), this.mode.beginSync()];
    return () => {
      for (const end of syncs) end();
    };
  }
}

/** A copy with that many bytes. New bytes are zero. */
function resize(data: Buffer, size: number): Buffer {
  const copy = Buffer.alloc(size);
  data.copy(copy);
  return copy;
}
