/** A place in the history of an edit, to go back to. */
export interface Savepoint {
  readonly steps: number;
}

/** How to take back each step that was made, the last one first. */
export class UndoLog {
  readonly #undos: (() => void)[] = [];

  get length(): number {
    return this.#undos.length;
  }

  add(undo: () => void): void {
    this.#undos.push(undo);
  }

  /** Sets a property so that it can be taken back. */
  assign<T extends object, K extends keyof T>(target: T, name: K, value: T[K]): void {
    const old = target[name];
    target[name] = value;
    this.#undos.push(() => {
      target[name] = old;
    });
  }

  /** Sets, or with undefined deletes, a member of a map so that it can be taken back. */
  put<K, V extends object>(map: Map<K, V>, key: K, value: V | undefined): void {
    const old = map.get(key);
    replaceMember(map, key, value);
    this.#undos.push(() => replaceMember(map, key, old));
  }

  rewind(length: number): void {
    while (this.#undos.length > length) this.#undos.pop()?.();
  }
}

function replaceMember<K, V extends object>(map: Map<K, V>, key: K, value: V | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}
