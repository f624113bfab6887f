/** The values of one thing over time. The oldest is on disk for certain; each later one may have reached the disk. */
export class History<T> {
  #values: T[];
  /** How many values were dropped, because a later one is on disk for certain. */
  #dropped = 0;

  constructor(first: T) {
    this.#values = [first];
  }

  /** All values that the disk may have. */
  get possible(): readonly T[] {
    return this.#values;
  }

  get latest(): T {
    return this.#values.at(-1) as T;
  }

  add(value: T): void {
    this.#values.push(value);
  }

  /** Returns a function that notes that what is now the latest value is on disk. */
  beginSync(): () => void {
    const first = this.#dropped + this.#values.length - 1;
    return () => {
      const more = Math.max(0, first - this.#dropped);
      this.#values = this.#values.slice(more);
      this.#dropped += more;
    };
  }
}
