import fc from 'fast-check';
import { type AST, parseTOML } from 'toml-eslint-parser';
import { expect, test } from 'vitest';
import { parse } from '../../../src/toml/syntax/parse.js';
import { SyntaxFault, type ValueNode } from '../../../src/toml/syntax/syntax.js';
import { randomDocument } from '../edit/random-document.js';

type Node = readonly unknown[];

/** What both parsers must say of a text: every key and value with its place, or that it is no TOML. */
type Verdict = readonly Node[] | 'refused';

function ours(text: string): Verdict {
  try {
    const nodes: Node[] = [];
    for (const { header, entries } of parse(text).sections) {
      if (header) nodes.push([header.start, header.isArray, header.key]);
      for (const { start, key, value } of entries) nodes.push([start, key, ourValue(value)]);
    }
    return nodes;
  } catch (error) {
    if (error instanceof SyntaxFault) return 'refused';
    throw error;
  }
}

function ourValue(value: ValueNode): Node {
  const { start, end } = value;
  if (value.type === 'array') return [start, end, ...value.items.map(ourValue)];
  if (value.type === 'table') {
    return [start, end, ...value.entries.map((one) => [one.start, one.key, ourValue(one.value)])];
  }
  return [start, end, value.type, String(value.value), Object.is(value.value, -0)];
}

function theirs(text: string): Verdict {
  try {
    // It ends a 0 at the end of the text before it begins.
    const { body } = parseTOML(`${text}\n`, { tomlVersion: '1.1' }).body[0];
    return body.flatMap((node) => {
      if (node.type === 'TOMLKeyValue') return [theirEntry(node)];
      return [[node.range[0], node.kind === 'array', theirKey(node.key)], ...node.body.map(theirEntry)];
    });
  } catch (error) {
    if (error instanceof SyntaxError) return 'refused';
    throw error;
  }
}

function theirEntry({ range, key, value }: AST.TOMLKeyValue): Node {
  return [range[0], theirKey(key), theirValue(value)];
}

function theirKey({ keys }: AST.TOMLKey): string[] {
  return keys.map((part) => (part.type === 'TOMLBare' ? part.name : part.value));
}

function theirValue(node: AST.TOMLContentNode): Node {
  const [start, end] = node.range;
  if (node.type === 'TOMLArray') return [start, end, ...node.elements.map(theirValue)];
  if (node.type === 'TOMLInlineTable') return [start, end, ...node.body.map(theirEntry)];
  if (node.kind === 'integer') {
    if (BigInt.asIntN(64, node.bigint) !== node.bigint) throw new SyntaxError('It knows integers of any size');
    return [start, end, 'integer', String(node.bigint), false];
  }
  if (node.kind === 'string' || node.kind === 'boolean' || node.kind === 'float') {
    return [start, end, node.kind, String(node.value), Object.is(node.value, -0)];
  }
  return [start, end, 'datetime', node.datetime, false];
}

const token = fc.constantFrom(
  ...['[', ']', '[[', ']]', '{', '}', '=', ',', '.', '#', '\n', '\r\n', ' ', '\t', '"', "'", '"""', "'''", '\\', 'é'],
  ...['_', '-', '+', ':', 'a', 'b', 'x', 'u', 'e', 'T', 'Z', '0', '1', '00E9', 'inf', 'nan', 'true', '0x', '\u0001'],
  ...['\na = 1\n', '\n[a]\n', '\n[[a]]\n', '\n[a.b]\n', '\na.b = 1\n', '{ a = 1 }', '[ 1 ]', '1979-05-27', '07:32'],
);
const damages = fc.array(fc.record({ at: fc.nat(), removed: fc.nat(3), added: fc.array(token, { maxLength: 2 }) }), {
  maxLength: 4,
});
const damaged = fc.tuple(randomDocument, damages).map(([{ text }, places]) => {
  let broken = text.replace(/^\uFEFF/, '');
  for (const { at, removed, added } of places) {
    const start = at % (broken.length + 1);
    broken = broken.slice(0, start) + added.join('') + broken.slice(start + removed);
  }
  return broken;
});
const soup = fc.array(token, { maxLength: 12 }).map((tokens) => tokens.join(''));
const value = fc.array(token, { maxLength: 5 }).map((tokens) => `v = ${tokens.join('')}`);

test.each([
  ['damaged documents', damaged],
  ['tokens in any order', soup],
  ['values of any tokens', value],
])('%s are read, or refused, as another parser does', (_, texts) => {
  fc.assert(
    fc.property(texts, (text) => {
      // It takes a lone carriage return for a newline.
      fc.pre(!/\r(?!\n)/.test(text));
      expect(ours(text)).toEqual(theirs(text));
    }),
    { numRuns: 3000 },
  );
});
