import { parseKey, TomlDocument, type TomlEdit, type TomlInput } from '../../../src/toml/index.js';

/** A key and its new value; undefined unsets the key. */
export type Change = readonly [key: string, value: TomlInput | undefined];

export function applyChange(edit: TomlEdit, [key, value]: Change): void {
  if (value === undefined) edit.unset(parseKey(key));
  else edit.set(parseKey(key), value);
}

/** Makes changes in one edit and returns the new text, which the gate has checked. */
export function edited(text: string, ...changes: readonly Change[]): string {
  const edit = TomlDocument.parse(text, 'c.toml').edit();
  for (const change of changes) applyChange(edit, change);
  return edit.finish().text;
}
