import { codeOf } from '../file/config-error.js';
import { documentOf, emptyDocument, readFile } from '../file/read.js';
import type { Snapshot, StoreView } from '../store-view.js';
import { type PathListener, watchPath } from './watched-path.js';

/** How long a file that looks half saved is given. */
const DOUBT_MS = 100;

export interface FeedListener<T extends object> {
  readonly keepsAlive: boolean;
  /** The config says something else, or is written otherwise. */
  onSnapshot(snapshot: Snapshot<T>): void;
  /** The config cannot be read now, or is not valid. */
  onError(error: unknown): void;
}

/** What was found at the path, before anything is made of it. */
type Found = { readonly bytes: Buffer | undefined } | { readonly error: unknown };

/** Looks at a config whenever it may have changed, and tells what it finds, each state once. */
export class ChangeFeed<T extends object> implements PathListener {
  /** As it was at the beginning. */
  readonly first: Snapshot<T>;
  readonly #path: string;
  readonly #view: StoreView<T>;
  readonly #listener: FeedListener<T>;
  readonly #unwatch: () => void;
  #found: Found;
  #doubt: NodeJS.Timeout | undefined;

  /** @throws as reading the config. */
  constructor(path: string, view: StoreView<T>, listener: FeedListener<T>) {
    this.#path = path;
    this.#view = view;
    this.#listener = listener;
    // Before the read, so that no change is missed between the two.
    this.#unwatch = watchPath(path, this);
    try {
      this.#found = this.#find();
      this.first = this.#read(this.#found);
    } catch (error) {
      this.#unwatch();
      throw error;
    }
  }

  get keepsAlive(): boolean {
    return this.#listener.keepsAlive;
  }

  look(): void {
    const found = this.#find();
    // While it is doubted, that is for the timer to tell.
    if (isSame(found, this.#found)) return;
    this.#found = found;
    this.#tell(found, false);
  }

  end(): void {
    this.#unwatch();
    clearTimeout(this.#doubt);
  }

  #tell(found: Found, isSure: boolean): void {
    let snapshot: Snapshot<T> | undefined;
    let failure: unknown;
    try {
      snapshot = this.#read(found);
    } catch (error) {
      failure = error;
    }
    const isWhole = snapshot !== undefined && 'bytes' in found && found.bytes !== undefined && found.bytes.length > 0;
    if (!isWhole && !isSure) {
      this.#doubt ??= setTimeout(() => this.#lookAgain(), DOUBT_MS);
      if (!this.keepsAlive) this.#doubt.unref();
      return;
    }
    clearTimeout(this.#doubt);
    this.#doubt = undefined;
    if (snapshot === undefined) this.#listener.onError(failure);
    else this.#listener.onSnapshot(snapshot);
  }

  #lookAgain(): void {
    this.#found = this.#find();
    this.#tell(this.#found, true);
  }

  /** Always the bytes: size, time and inode of a file that changed can all be what they were. */
  #find(): Found {
    try {
      return { bytes: readFile(this.#path)?.bytes };
    } catch (error) {
      return { error };
    }
  }

  #read(found: Found): Snapshot<T> {
    if ('error' in found) throw found.error;
    return this.#view.of(found.bytes === undefined ? emptyDocument(this.#path) : documentOf(this.#path, found.bytes));
  }
}

function isSame(one: Found, other: Found): boolean {
  if ('error' in one) return 'error' in other && codeOf(causeOf(one.error)) === codeOf(causeOf(other.error));
  if ('error' in other) return false;
  if (one.bytes === undefined || other.bytes === undefined) return one.bytes === other.bytes;
  return one.bytes.equals(other.bytes);
}

function causeOf(error: unknown): unknown {
  return (error as Error).cause;
}
