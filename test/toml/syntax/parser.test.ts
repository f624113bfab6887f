import fc from 'fast-check';
import { type AST, parseTOML } from 'toml-eslint-parser';
import { expect, test } from 'vitest';
import { hasLoneSurrogate } from '../../../src/toml/syntax/escape.js';
import { parse } from '../../../src/toml/syntax/parse.js';
import { SyntaxFault, type ValueNode } from '../../../src/toml/syntax/syntax.js';
import { randomDocument } from '../edit/random-document.js';

type Node = readonly unknown[];

/** The result of a parser: every key and value with its place, or that the text is not TOML. */
type Verdict = readonly Node[] | 'refused';

function readByZjj(text: string): Verdict {
  try {
    const nodes: Node[] = [];
    for (const { header, entries } of parse(text).sections) {
      if (header) nodes.push([header.start, header.isArray, header.key]);
      for (const { start, key, value } of entries) nodes.push([start, key, zjjValue(value)]);
    }
    return nodes;
  } catch (error) {
    if (error instanceof SyntaxFault) return 'refused';
    throw error;
  }
}

function zjjValue(value: ValueNode): Node {
  const { start, end } = value;
  if (value.type === 'array') return [start, end, ...value.items.map(zjjValue)];
  if (value.type === 'table') {
    return [start, end, ...value.entries.map((entry) => [entry.start, entry.key, zjjValue(entry.value)])];
  }
  return [start, end, value.type, String(value.value), Object.is(value.value, -0)];
}

function readByEslintParser(text: string): Verdict {
  try {
    // toml-eslint-parser gives a wrong range to a 0 that ends the text: the end is before the start.
    const { body } = parseTOML(`${text}\n`, { tomlVersion: '1.1' }).body[0];
    return body.flatMap((node) => {
      if (node.type === 'TOMLKeyValue') return [eslintEntry(node)];
      return [[node.range[0], node.kind === 'array', eslintKey(node.key)], ...node.body.map(eslintEntry)];
    });
  } catch (error) {
    if (error instanceof SyntaxError) return 'refused';
    throw error;
  }
}

function eslintEntry({ range, key, value }: AST.TOMLKeyValue): Node {
  return [range[0], eslintKey(key), eslintValue(value)];
}

function eslintKey({ keys }: AST.TOMLKey): string[] {
  return keys.map((part) => (part.type === 'TOMLBare' ? part.name : part.value));
}

function eslintValue(node: AST.TOMLContentNode): Node {
  const [start, end] = node.range;
  if (node.type === 'TOMLArray') return [start, end, ...node.elements.map(eslintValue)];
  if (node.type === 'TOMLInlineTable') return [start, end, ...node.body.map(eslintEntry)];
  if (node.kind === 'integer') {
    if (BigInt.asIntN(64, node.bigint) !== node.bigint)
      throw new SyntaxError('toml-eslint-parser accepts integers of any size');
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
  ['random tokens', soup],
  ['values of random tokens', value],
])('%s are read or refused exactly as by toml-eslint-parser', (_, texts) => {
  fc.assert(
    fc.property(texts, (text) => {
      // toml-eslint-parser accepts a lone carriage return as a newline.
      fc.pre(!/\r(?!\n)/.test(text));
      // A damage can cut a surrogate pair in half. Text from a file never has one.
      fc.pre(!hasLoneSurrogate(text));
      expect(readByZjj(text)).toEqual(readByEslintParser(text));
    }),
    { numRuns: 3000 },
  );
});
