import { ZjjError } from '../../errors.js';
import { formatKey } from '../syntax/key-path.js';
import { placeOf } from '../syntax/syntax.js';
import { entryOf, type Node } from './model.js';
import type { ParsedText } from './parsed-text.js';

/**
 * Returns the KEY_CONFLICT of an edit that the text does not allow.
 *
 * @param parts The key of the edit.
 * @param depth How many of the parts lead to the obstacle.
 * @param node The obstacle.
 */
export function conflict(
  { path, body }: ParsedText,
  verb: 'set' | 'unset',
  parts: readonly string[],
  depth: number,
  node: Node,
): ZjjError {
  const obstacle = `${formatKey(parts.slice(0, depth))} is ${describe(node)}`;
  const advice = depth === parts.length && isTable(node) ? '; set its keys one by one, or unset it first' : '';
  const place = placeText(path, body, startOf(node));
  const message = `Cannot ${verb} ${formatKey(parts)}: ${obstacle} (${place})${advice}`;
  return new ZjjError('KEY_CONFLICT', message, { path });
}

function placeText(path: string | undefined, body: string, start: number): string {
  if (start < 0) return 'set earlier in this edit';
  const { line, column } = placeOf(body, start);
  return `${path === undefined ? '' : `${path}:`}${line}:${column}`;
}

/** Returns the offset of the node in the parsed text; -1 if an edit added it. */
function startOf(node: Node): number {
  const entry = entryOf(node);
  if (entry) return entry.start;
  if (node.kind === 'leaf') return -1;
  const table = node.kind === 'array' ? node.elements[0] : node;
  if (table === undefined) return -1;
  if (table.prefix.length === 0) return (table.home?.kind === 'section' ? table.home : table.firstSection)?.start ?? -1;
  const [first] = table.members.values();
  return first ? startOf(first) : -1;
}

function isTable(node: Node): boolean {
  return node.kind === 'table' || (node.kind === 'leaf' && node.value.type === 'table');
}

function describe(node: Node): string {
  if (node.kind === 'array') return 'an array of tables';
  if (node.kind === 'table') return 'a table';
  const { type } = node.value;
  if (type === 'datetime') return 'a date or time';
  return type === 'integer' || type === 'array' ? `an ${type}` : `a ${type}`;
}
