import { ZjjError } from '../../errors.js';
import {
  GateError,
  type Key,
  parseKey,
  type TomlDocument,
  type TomlEdit,
  type TomlInput,
  type TomlTable,
  type TomlValue,
} from '../../toml/index.js';

/** What `updateConfig`'s function works on: the config as it is under the lock, with the edits so far. */
export interface ConfigTransaction {
  /** The value at a key, frozen; undefined when it is not there. */
  get(key: Key): TomlValue | undefined;
  has(key: Key): boolean;
  set(key: Key, value: TomlInput): void;
  /** False when the key was not there. */
  unset(key: Key): boolean;
  /** Everything, frozen. */
  all(): TomlTable;
}

/** One caller's change, and what became of it in the last transaction that tried it. */
export interface PendingChange {
  readonly change: (transaction: ConfigTransaction) => unknown;
  outcome: { readonly value: unknown } | { readonly error: unknown } | undefined;
}

/**
 * Merges changes into a document, in their order. One that throws takes back only its own edits.
 *
 * @returns The document with the changes; `before` itself when nothing changed.
 */
export function mergeChanges(before: TomlDocument, changes: readonly PendingChange[]): TomlDocument {
  const edit = before.edit();
  for (const pending of changes) merge(edit, pending);
  try {
    return edit.finish();
  } catch (error) {
    if (!(error instanceof GateError)) throw error;
  }
  return mergeOneByOne(before, changes);
}

/** After the gate refused the whole: each change has its own, so that only those that cannot be written are refused. */
function mergeOneByOne(before: TomlDocument, changes: readonly PendingChange[]): TomlDocument {
  let document = before;
  for (const pending of changes) {
    const edit = document.edit();
    merge(edit, pending);
    try {
      document = edit.finish();
    } catch (cause) {
      if (!(cause instanceof GateError)) throw cause;
      pending.outcome = {
        error: new ZjjError('CONFIG_WRITE', `The change could not be written without damage: ${cause.message}`, {
          cause,
        }),
      };
    }
  }
  return document;
}

function merge(edit: TomlEdit, pending: PendingChange): void {
  const savepoint = edit.savepoint();
  const transaction = new OpenTransaction(edit);
  try {
    const value = pending.change(transaction);
    if (isThenable(value)) {
      // Nobody else will see how it ends.
      value.then(undefined, () => {});
      throw new ZjjError('INVALID_VALUE', 'The function of an update must be synchronous; it returned a promise');
    }
    pending.outcome = { value };
  } catch (error) {
    edit.rollback(savepoint);
    pending.outcome = { error };
  } finally {
    transaction.end();
  }
}

class OpenTransaction implements ConfigTransaction {
  readonly #edit: TomlEdit;
  #ended = false;

  constructor(edit: TomlEdit) {
    this.#edit = edit;
  }

  get(key: Key): TomlValue | undefined {
    return this.#open().get(parseKey(key));
  }

  has(key: Key): boolean {
    return this.#open().has(parseKey(key));
  }

  set(key: Key, value: TomlInput): void {
    this.#open().set(parseKey(key), value);
  }

  unset(key: Key): boolean {
    return this.#open().unset(parseKey(key));
  }

  all(): TomlTable {
    return this.#open().get([]) as TomlTable;
  }

  end(): void {
    this.#ended = true;
  }

  #open(): TomlEdit {
    if (this.#ended) throw new TypeError('The transaction has ended: use it only inside the function of the update');
    return this.#edit;
  }
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';
}
