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
  type TypedTable,
} from '../../toml/index.js';
import type { AskedMode } from './file-mode.js';

/** The argument of `updateConfig`'s function: the config under the lock, with the edits so far. */
export interface ConfigTransaction {
  /** The value at a key, frozen; undefined if it is not set. */
  get(key: Key): TomlValue | undefined;
  has(key: Key): boolean;
  set(key: Key, value: TomlInput): void;
  /** Returns false if the key was not set. */
  unset(key: Key): boolean;
  /** All values, frozen. */
  all(): TomlTable;
}

/** One call's change, and its outcome in the last transaction that tried it. */
export interface PendingChange extends AskedMode {
  readonly change: (transaction: ConfigTransaction) => unknown;
  outcome: { readonly value: unknown } | { readonly error: unknown } | undefined;
  /** Whether that transaction kept a key that the change set or unset. */
  isWrite?: boolean;
}

/**
 * Merges changes into a document, in order. A change that throws undoes only its own edits.
 *
 * @returns The document with the changes; `before` itself if nothing changed.
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

/** For changes that the gate refused together. One by one, it refuses only those that cannot be written. */
function mergeOneByOne(before: TomlDocument, changes: readonly PendingChange[]): TomlDocument {
  let document = before;
  for (const pending of changes) {
    const edit = document.edit();
    merge(edit, pending);
    try {
      document = edit.finish();
    } catch (cause) {
      if (!(cause instanceof GateError)) throw cause;
      pending.isWrite = false;
      pending.outcome = {
        error: new ZjjError(
          'CONFIG_WRITE',
          `The change cannot be written without damaging the file: ${cause.message}`,
          {
            cause,
          },
        ),
      };
    }
  }
  return document;
}

function merge(edit: TomlEdit, pending: PendingChange): void {
  const savepoint = edit.savepoint();
  const transaction = new OpenTransaction(edit);
  pending.isWrite = false;
  try {
    const value = pending.change(transaction);
    if (isThenable(value)) {
      // Nothing else handles its rejection.
      value.then(undefined, () => {});
      throw new ZjjError('INVALID_VALUE', 'The update function must be synchronous, but it returned a promise');
    }
    pending.outcome = { value };
    pending.isWrite = transaction.hasEdits;
  } catch (error) {
    edit.rollback(savepoint);
    pending.outcome = { error };
  } finally {
    transaction.end();
  }
}

/** The stored values of a transaction, with the edits so far. */
export let storedIn: (transaction: ConfigTransaction) => TypedTable;

class OpenTransaction implements ConfigTransaction {
  /** Whether a key was set or unset. */
  hasEdits = false;
  readonly #edit: TomlEdit;
  #ended = false;

  static {
    storedIn = (transaction) => (transaction as OpenTransaction).#open().root;
  }

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
    this.hasEdits = true;
  }

  unset(key: Key): boolean {
    const isUnset = this.#open().unset(parseKey(key));
    this.hasEdits ||= isUnset;
    return isUnset;
  }

  all(): TomlTable {
    return this.#open().get([]) as TomlTable;
  }

  end(): void {
    this.#ended = true;
  }

  #open(): TomlEdit {
    if (this.#ended) throw new TypeError('The transaction has ended: use it only inside the update function');
    return this.#edit;
  }
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';
}
