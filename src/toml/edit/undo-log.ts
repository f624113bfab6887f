/** A point in the history of an edit. */
export interface Savepoint {
  readonly steps: number;
}

/** Records how to undo each step of an edit. Undoing starts with the latest step. */
export class UndoLog {
  readonly #undos: (() => void)[] = [];

  get length(): number {
    return this.#undos.length;
  }

  add(undo: () => void): void {
    this.#undos.push(undo);
  }

  /** Sets a property, and records how to restore it. */
  assign<T extends object, K extends keyof T>(target: T, name: K, value: T[K]): void {
    const old = target[name];
    target[name] = value;
    this.#undos.push(() => {
      target[name] = old;
    });
  }

  /** Sets a member of a map, or deletes it if `value` is undefined, and records how to restore it. */
  put<K, V extends object>(map: Map<K, V>, key: K, value: V | undefined): void {
    const old = map.get(key);
    setOrDelete(map, key, value);
    this.#undos.push(() => setOrDelete(map, key, old));
  }

  /** Undoes steps until `length` steps are left. */
  rewind(length: number): void {
    while (this.#undos.length > length) this.#undos.pop()?.();
  }
}

function setOrDelete<K, V extends object>(map: Map<K, V>, key: K, value: V | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}
