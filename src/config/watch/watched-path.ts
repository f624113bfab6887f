import { type FSWatcher, readlinkSync, statSync, watch } from 'node:fs';
import { basename, dirname, join, parse } from 'node:path';
import { codeOf } from '../file/config-error.js';
import { MAX_LINKS } from '../file/resolve.js';

/** How often listeners look without having been told: network file systems tell nothing, queues of events overflow. */
const POLL_MS = 2_000;

/** How often the directories are asked for again that another process keeps replacing, before the next poll does. */
const MAX_ROUNDS = 10;

export interface PathListener {
  /** Whether the process stays alive for it. */
  readonly keepsAlive: boolean;
  /** What stands at the path may have changed. */
  look(): void;
}

const watchedPaths = new Map<string, WatchedPath>();

/**
 * Has a listener look whenever what a path leads to may have changed, and now and then besides. It is watched when this
 * returns: whoever reads then misses nothing.
 *
 * @param path - Absolute. Neither it nor its directory need exist.
 * @param pollMs - How often it looks besides; of the first listener of a path.
 * @returns Ends it; with the last listener of a path nothing is left open.
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

/** A directory, for the names in it that the path leads through. */
interface Place {
  readonly directory: string;
  readonly names: Set<string>;
  /** Tells a directory from another one that took its name. */
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
    this.#poll = setInterval(() => this.#tell(), pollMs);
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

  #tell(): void {
    this.#due = undefined;
    this.#watch();
    this.#setKeepAlive();
    // A copy, and asked again: one that looks may end others, or begin some that have looked already.
    for (const listener of [...this.#listeners]) if (this.#listeners.has(listener)) listener.look();
  }

  /** Watches the directories that the path leads through now. */
  #watch(): void {
    // One may have been replaced between being found and being watched, and is then found to be another.
    for (let round = 0; round < MAX_ROUNDS; round++) if (!this.#follow(placesOf(this.#path))) return;
  }

  /** Whether another directory is watched now. */
  #follow(places: ReadonlyMap<string, Place>): boolean {
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

  /** False where the system does not: the poll will do. */
  #open(place: Place): boolean {
    const { directory } = place;
    try {
      const watcher = watch(directory, (event, name) => this.#note(directory, event, name));
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

  #note(directory: string, event: string, name: string | null): void {
    const names = this.#watchers.get(directory)?.place.names;
    if (names === undefined) return;
    // The directory itself was removed or renamed: what is watched is no longer what stands there.
    const isGone = event === 'rename' && name === basename(directory);
    if (isGone) this.#close(directory);
    if (!isGone && name !== null && !names.has(foldName(name))) return;
    // One rename makes several events.
    this.#due ??= setImmediate(() => this.#tell());
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
 * The directories in which something on the way of a path can change what it leads to: those of its symbolic links, and
 * that of the file, or of the first name on the way that is not there. (A directory on the way that is renamed is seen by
 * the poll.)
 */
function placesOf(path: string): ReadonlyMap<string, Place> {
  const places = new Map<string, Place>();
  const { root } = parse(path);
  /** Always without links, so that `..` is the directory above. */
  let directory = root;
  let names = namesIn(path, root);
  for (let links = 0; links <= MAX_LINKS; ) {
    const [name, ...rest] = names;
    if (name === undefined) break;
    names = rest;
    if (name === '..') {
      directory = dirname(directory);
      continue;
    }
    const entry = join(directory, name);
    const link = readLink(entry);
    if (link !== 'none' || rest.length === 0) addPlace(places, directory, name);
    if (link === 'missing') break;
    if (link === 'none') {
      directory = entry;
      continue;
    }
    links += 1;
    const { root: linkRoot } = parse(link.target);
    if (linkRoot !== '') directory = linkRoot;
    names = [...namesIn(link.target, linkRoot), ...names];
  }
  return places;
}

function namesIn(path: string, root: string): string[] {
  const separator = process.platform === 'win32' ? /[\\/]/ : '/';
  return path
    .slice(root.length)
    .split(separator)
    .filter((name) => name !== '' && name !== '.');
}

/** `none`: something else stands there. `missing`: nothing, or nothing that may be seen. */
function readLink(path: string): { readonly target: string } | 'none' | 'missing' {
  try {
    return { target: readlinkSync(path) };
  } catch (error) {
    // Windows says UNKNOWN of what is no link.
    return codeOf(error) === 'EINVAL' || codeOf(error) === 'UNKNOWN' ? 'none' : 'missing';
  }
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
    // It is gone: the next look finds another.
  }
}

/** File systems that take names for the same tell of one by another; to look once too often does no harm. */
function foldName(name: string): string {
  return name.normalize('NFC').toLowerCase();
}
