import { frozenTable, type TomlDocument, type TomlInput, type TomlTable } from '../toml/index.js';
import { checkSchema, type StandardSchema, validate } from './schema.js';
import { layOver } from './tables.js';

/** What a store shows of its config at one moment. */
export interface Snapshot<T extends object> {
  /** What is stored, over the defaults. */
  readonly tree: TomlTable;
  /** What the schema makes of that; the tree itself where there is no schema. */
  readonly value: Readonly<T>;
}

/** How a store sees its config: defaults are laid under what is stored, and the schema validates the result. */
export class StoreView<T extends object> {
  readonly #path: string;
  readonly #defaults: TomlTable;
  readonly #schema: StandardSchema<unknown> | undefined;
  /** Of the text that was looked at last, so that it is validated once. */
  #last: { readonly document: TomlDocument; readonly snapshot: Snapshot<T> } | undefined;

  constructor(path: string, defaults: object, schema: StandardSchema<unknown> | undefined) {
    if (schema !== undefined) checkSchema(schema);
    this.#path = path;
    this.#schema = schema;
    // As if they were stored: what TOML cannot say is refused, and nobody can change them.
    this.#defaults = frozenTable(defaults as TomlInput);
  }

  /** @throws as {@link validate} */
  of(document: TomlDocument): Snapshot<T> {
    if (this.#last?.document !== document) {
      const tree = layOver(this.#defaults, document.toTable());
      const value = this.#schema === undefined ? tree : this.#validate(tree, `${this.#path} is invalid`);
      this.#last = { document, snapshot: { tree, value: value as Readonly<T> } };
    }
    return this.#last.snapshot;
  }

  get validates(): boolean {
    return this.#schema !== undefined;
  }

  /**
   * Refuses what is about to be stored if the schema does.
   *
   * @throws as {@link validate}
   */
  check(stored: TomlTable): void {
    this.#validate(layOver(this.#defaults, stored), `Nothing is written, for ${this.#path} would be invalid`);
  }

  #validate(tree: TomlTable, failure: string): object {
    return this.#schema === undefined ? tree : validate(this.#schema, tree, this.#path, failure);
  }
}
