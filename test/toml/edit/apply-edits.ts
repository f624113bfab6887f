import { parseKey, TomlDocument, type TomlEdit, type TomlInput } from '../../../src/toml/index.js';

/** A key and what to set it to; undefined unsets it. */
export type Change = readonly [key: string, value: TomlInput | undefined];

export function change(edit: TomlEdit, [key, value]: Change): void {
  if (value === undefined) edit.unset(parseKey(key));
  else edit.set(parseKey(key), value);
}

/** The text after some changes in one edit; the gate has passed it. */
export function edited(text: string, ...changes: readonly Change[]): string {
  const edit = TomlDocument.parse(text, 'c.toml').edit();
  for (const one of changes) change(edit, one);
  return edit.finish().text;
}
