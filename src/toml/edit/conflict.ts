import { ZjjError } from '../../errors.js';
import { formatKey } from '../syntax/key-path.js';
import { placeOf } from '../syntax/syntax.js';
import { entryOf, type Node } from './model.js';

/**
 * The error of an edit that something in the text does not allow.
 *
 * @param depth How many of the parts lead to what is in the way.
 */
export function conflict(
  { path, body }: { readonly path: string | undefined; readonly body: string },
  verb: 'set' | 'unset',
  parts: readonly string[],
  depth: number,
  node: Node,
): ZjjError {
  const inTheWay = `${formatKey(parts.slice(0, depth))} is ${describe(node)}`;
  const advice = depth === parts.length && isTable(node) ? '; set its keys one by one, or unset it first' : '';
  const start = startOf(node);
  const message = `Cannot ${verb} ${formatKey(parts)}: ${inTheWay} (${placeText(path, body, start)})${advice}`;
  return new ZjjError('KEY_CONFLICT', message, { path });
}

function placeText(path: string | undefined, body: string, start: number): string {
  if (start < 0) return 'set just before';
  const { line, column } = placeOf(body, start);
  return `${path === undefined ? '' : `${path}:`}${line}:${column}`;
}

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
