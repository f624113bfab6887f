import {
  type TomlDocument,
  type TomlInput,
  type TomlTable,
  type TypedTable,
  toTable,
  toTypedTable,
} from '../toml/index.js';
import { mergeTables } from './layers.js';
import { checkSchema, type StandardSchema, validate } from './schema.js';
import { type ConfigTransaction, storedIn } from './transaction/merge-changes.js';
import type { Snapshot, SnapshotSource } from './watch/change-feed.js';

/** How a store shows its config: the stored values over the defaults, validated by the schema. */
export class StoreView<T extends object> implements SnapshotSource<T> {
  readonly #path: string;
  readonly #defaults: TypedTable;
  readonly #schema: StandardSchema<unknown> | undefined;
  /** The last document and its snapshot, so that each text is validated once. */
  #last: { readonly document: TomlDocument; readonly snapshot: Snapshot<T> } | undefined;

  /** @throws ZjjError INVALID_VALUE: TOML cannot express the defaults. TypeError: `schema` is not a Standard Schema. */
  constructor(path: string, defaults: object, schema: StandardSchema<unknown> | undefined) {
    if (schema !== undefined) checkSchema(schema);
    this.#path = path;
    this.#schema = schema;
    this.#defaults = toTypedTable(defaults as TomlInput);
  }

  /** @throws as {@link validate} */
  of(document: TomlDocument): Snapshot<T> {
    if (this.#last?.document !== document) {
      const tree = this.#defaults.members.size === 0 ? document.toTable() : this.#overDefaults(document.root);
      const value =
        this.#schema === undefined ? tree : validate(this.#schema, tree, this.#path, `${this.#path} is invalid`);
      this.#last = { document, snapshot: { tree, value: value as Readonly<T> } };
    }
    return this.#last.snapshot;
  }

  get validates(): boolean {
    return this.#schema !== undefined;
  }

  /**
   * Validates what a transaction is about to store.
   *
   * @throws as {@link validate}
   */
  check(transaction: ConfigTransaction): void {
    if (this.#schema === undefined) return;
    const tree = this.#overDefaults(storedIn(transaction));
    validate(this.#schema, tree, this.#path, `Nothing was written: ${this.#path} would be invalid`);
  }

  #overDefaults(stored: TypedTable): TomlTable {
    return toTable(mergeTables(this.#defaults, stored).members);
  }
}
