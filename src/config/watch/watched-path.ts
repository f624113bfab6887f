import { type FSWatcher, statSync, watch } from 'node:fs';
import { basename } from 'node:path';
import { clearImmediate, clearInterval, setImmediate, setInterval } from 'node:timers';
import { walkPath } from '../file/walk-path.js';

/** How often listeners look even without an event. Network file systems send none, and event queues overflow. */
const POLL_MS = 2_000;

/** How many times to retry when a directory is replaced while we start watching it. After that, the poll takes over. */
const MAX_ROUNDS = 10;

export interface PathListener {
  /** Whether the listener keeps the process alive. */
  readonly keepsAlive: boolean;
  /** Called when the path may lead to another file, or to other contents. */
  look(): void;
}

const watchedPaths = new Map<string, WatchedPath>();

/**
 * Calls a listener whenever the file at a path may have changed, and at regular intervals. The watch is active when this
 * returns, so a caller that reads the file afterwards misses no change.
 *
 * @param path - Absolute. Neither it nor its directory needs to exist.
 * @param pollMs - The interval in milliseconds. The first listener of a path sets it.
 * @returns A function that ends the watch. Removing the last listener of a path closes everything.
 */
export function watchPath(path: string, listener: PathListener, pollMs = POLL_MS): () => void {
  let watched = watchedPaths.get(path);
  if (watched === undefined) {
    watched = new WatchedPath(path, pollMs, () => watchedPaths.delete(path));
    watchedPaths.set(path, watched);
  }
  watched.add(listener);
  return () => watched.remove(listener);
}

/** A directory, and the names in it that the path leads through. */
interface Place {
  readonly directory: string;
  readonly names: Set<string>;
  /** Device and inode: they differ if another directory has taken the name. */
  readonly identity: string;
}

/** One path, watched for all listeners of this thread. */
class WatchedPath {
  readonly #path: string;
  readonly #onEmpty: () => void;
  readonly #listeners = new Set<PathListener>();
  readonly #watchers = new Map<string, { readonly watcher: FSWatcher; place: Place }>();
  readonly #poll: NodeJS.Timeout;
  #due: NodeJS.Immediate | undefined;

  constructor(path: string, pollMs: number, onEmpty: () => void) {
    this.#path = path;
    this.#onEmpty = onEmpty;
    this.#poll = setInterval(() => this.#notify(), pollMs);
  }

  add(listener: PathListener): void {
    this.#listeners.add(listener);
    this.#watch();
    this.#setKeepAlive();
  }

  remove(listener: PathListener): void {
    if (!this.#listeners.delete(listener)) return;
    if (this.#listeners.size > 0) {
      this.#setKeepAlive();
      return;
    }
    clearInterval(this.#poll);
    clearImmediate(this.#due);
    for (const directory of [...this.#watchers.keys()]) this.#close(directory);
    this.#onEmpty();
  }

  #notify(): void {
    this.#due = undefined;
    this.#watch();
    this.#setKeepAlive();
    // Iterate over a copy and check again: a listener may end others, or add some that have looked already.
    for (const listener of [...this.#listeners]) if (this.#listeners.has(listener)) listener.look();
  }

  /** Watches the directories that the path leads through now. */
  #watch(): void {
    // A directory may be replaced between the walk and the watch. The next round then sees another identity.
    for (let round = 0; round < MAX_ROUNDS; round++) if (!this.#watchPlaces(placesOf(this.#path))) return;
  }

  /** Returns true if it has started to watch another directory. */
  #watchPlaces(places: ReadonlyMap<string, Place>): boolean {
    for (const [directory, { place }] of this.#watchers) {
      if (places.get(directory)?.identity !== place.identity) this.#close(directory);
    }
    let isNew = false;
    for (const place of places.values()) {
      const watched = this.#watchers.get(place.directory);
      if (watched !== undefined) watched.place = place;
      else if (this.#open(place)) isNew = true;
    }
    return isNew;
  }

  /** Returns false if the system refuses, for example at the limit of watches. The poll still works. */
  #open(place: Place): boolean {
    const { directory } = place;
    try {
      const watcher = watch(directory, (event, name) => this.#onEvent(directory, event, name));
      watcher.on('error', () => this.#close(directory));
      this.#watchers.set(directory, { watcher, place });
      return true;
    } catch {
      return false;
    }
  }

  #close(directory: string): void {
    this.#watchers.get(directory)?.watcher.close();
    this.#watchers.delete(directory);
  }

  #onEvent(directory: string, event: string, name: string | null): void {
    const names = this.#watchers.get(directory)?.place.names;
    if (names === undefined) return;
    // The directory itself was removed or renamed. The watch follows it, but the path does not.
    const isGone = event === 'rename' && name === basename(directory);
    if (isGone) this.#close(directory);
    if (!isGone && name !== null && !names.has(foldName(name))) return;
    // One rename makes several events.
    this.#due ??= setImmediate(() => this.#notify());
    this.#setKeepAlive();
  }

  #setKeepAlive(): void {
    const handles = [this.#poll, this.#due, ...[...this.#watchers.values()].map(({ watcher }) => watcher)];
    const isKept = [...this.#listeners].some(({ keepsAlive }) => keepsAlive);
    for (const handle of handles) {
      if (isKept) handle?.ref();
      else handle?.unref();
    }
  }
}

/**
 * The directories where a change can make the path lead to another file: those of its symbolic links, and that of the
 * file or of the first name that is missing. The poll notices if a directory in between is renamed.
 */
function placesOf(path: string): ReadonlyMap<string, Place> {
  const places = new Map<string, Place>();
  for (const { directory, name, kind, rest } of walkPath(path)) {
    if (kind !== 'file or directory' || rest.length === 0) addPlace(places, directory, name);
  }
  return places;
}

function addPlace(places: Map<string, Place>, directory: string, name: string): void {
  const known = places.get(directory);
  if (known !== undefined) {
    known.names.add(foldName(name));
    return;
  }
  try {
    const { dev, ino } = statSync(directory);
    places.set(directory, { directory, names: new Set([foldName(name)]), identity: `${dev}:${ino}` });
  } catch {
    // The directory is gone. The next walk takes that into account.
  }
}

/** A file system that ignores case or normalization may report another spelling. An extra look does no harm. */
function foldName(name: string): string {
  return name.normalize('NFC').toLowerCase();
}
