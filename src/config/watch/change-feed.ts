import { clearTimeout, setTimeout } from 'node:timers';
import type { TomlDocument, TomlTable } from '../../toml/index.js';
import { codeOf } from '../file/config-error.js';
import { documentOf, emptyDocument } from '../file/read-document.js';
import { readFile } from '../file/read-file.js';
import { type PathListener, watchPath } from './watched-path.js';

/** How long a file that looks half saved may stay so before it counts. */
const SETTLE_MS = 100;

/** A config at one moment, as its store shows it. */
export interface Snapshot<T extends object> {
  /** The stored values over the defaults. */
  readonly tree: TomlTable;
  /** The schema's output; the tree itself if there is no schema. */
  readonly value: Readonly<T>;
}

/** Turns the document of a config into what its store shows. */
export interface SnapshotSource<T extends object> {
  /** @throws if the document is not valid. */
  of(document: TomlDocument): Snapshot<T>;
}

export interface FeedListener<T extends object> {
  readonly keepsAlive: boolean;
  /** The text of the config has changed. */
  onSnapshot(snapshot: Snapshot<T>): void;
  /** The config cannot be read now, or is not valid. */
  onError(error: unknown): void;
}

/** The bytes at the path, or the error of reading them. */
type FileState = { readonly bytes: Buffer | undefined } | { readonly error: unknown };

/** Reads a config whenever it may have changed, and reports each state once. */
export class ChangeFeed<T extends object> implements PathListener {
  /** The config when the feed began. */
  readonly first: Snapshot<T>;
  readonly #path: string;
  readonly #view: SnapshotSource<T>;
  readonly #listener: FeedListener<T>;
  readonly #unwatch: () => void;
  #state: FileState;
  /** Pending while the file looks half saved. */
  #settling: NodeJS.Timeout | undefined;

  /** @throws The errors of reading the config. */
  constructor(path: string, view: SnapshotSource<T>, listener: FeedListener<T>) {
    this.#path = path;
    this.#view = view;
    this.#listener = listener;
    // Watch before reading, so that no change between the two is missed.
    this.#unwatch = watchPath(path, this);
    try {
      this.#state = this.#readState();
      this.first = this.#snapshotOf(this.#state);
    } catch (error) {
      this.#unwatch();
      throw error;
    }
  }

  get keepsAlive(): boolean {
    return this.#listener.keepsAlive;
  }

  look(): void {
    const state = this.#readState();
    // A pending timer decides whether this state counts.
    if (isSame(state, this.#state)) return;
    this.#state = state;
    this.#report(state, false);
  }

  end(): void {
    this.#unwatch();
    clearTimeout(this.#settling);
  }

  #report(state: FileState, isSettled: boolean): void {
    let snapshot: Snapshot<T> | undefined;
    let failure: unknown;
    try {
      snapshot = this.#snapshotOf(state);
    } catch (error) {
      failure = error;
    }
    const isWhole = snapshot !== undefined && 'bytes' in state && state.bytes !== undefined && state.bytes.length > 0;
    if (!isWhole && !isSettled) {
      this.#settling ??= setTimeout(() => this.#settle(), SETTLE_MS);
      if (!this.keepsAlive) this.#settling.unref();
      return;
    }
    clearTimeout(this.#settling);
    this.#settling = undefined;
    if (snapshot === undefined) this.#listener.onError(failure);
    else this.#listener.onSnapshot(snapshot);
  }

  #settle(): void {
    this.#state = this.#readState();
    this.#report(this.#state, true);
  }

  /** Always reads the bytes: a changed file can have the same size, time and inode as before. */
  #readState(): FileState {
    try {
      return { bytes: readFile(this.#path)?.bytes };
    } catch (error) {
      return { error };
    }
  }

  #snapshotOf(state: FileState): Snapshot<T> {
    if ('error' in state) throw state.error;
    return this.#view.of(state.bytes === undefined ? emptyDocument(this.#path) : documentOf(this.#path, state.bytes));
  }
}

function isSame(one: FileState, other: FileState): boolean {
  if ('error' in one) return 'error' in other && codeOf(causeOf(one.error)) === codeOf(causeOf(other.error));
  if ('error' in other) return false;
  if (one.bytes === undefined || other.bytes === undefined) return one.bytes === other.bytes;
  return one.bytes.equals(other.bytes);
}

function causeOf(error: unknown): unknown {
  return (error as Error).cause;
}
