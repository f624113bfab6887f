import fc from 'fast-check';

/** How a table is written, which decides what can replace it and when it disappears. */
export type Form = 'header' | 'implied' | 'dotted' | 'inline';
/** The model of a document: one map for each table. Scalars have the JavaScript values that zjj returns. */
export type Model = string | number | bigint | boolean | DateModel | Model[] | TableModel | TablesModel;

export class TableModel {
  constructor(
    public form: Form,
    readonly members: Map<string, Model> = new Map(),
  ) {}
}

/** A date or time in ISO 8601 with milliseconds, in UTC if it has an offset. */
export class DateModel {
  constructor(readonly text: string) {}
}

/** An array of tables. */
export class TablesModel {
  constructor(readonly elements: TableModel[]) {}
}

/** One line, or all lines of one value. */
export interface Line {
  /** The text with its newline. The last line of a document may lack the newline. */
  readonly text: string;
  /** The key or header on the line; undefined for comments and blank lines. */
  readonly key: readonly string[] | undefined;
}

export interface RandomDocument {
  readonly text: string;
  readonly lines: readonly Line[];
  readonly model: TableModel;
  /** True if `@iarna/toml` cannot read the text: it has an inline table of TOML 1.1, or a name of Object.prototype. */
  readonly isBeyondIarna: boolean;
}

export const names = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('a', 'b', 'c', 'd') },
  { weight: 1, arbitrary: fc.constantFrom('x y', 'é', '', 'q.r', '1', '-', "it's", '"', '\\', 'a\tb', 'a\nb', '😀') },
  { weight: 1, arbitrary: fc.constantFrom('__proto__', 'constructor', 'toString', 'hasOwnProperty') },
);

const scalar = fc.constantFrom<readonly [string, Model]>(
  ['1', 1],
  ['0', 0],
  ['-0.0', -0],
  ['inf', Number.POSITIVE_INFINITY],
  ['0xFF', 255],
  ['-2.50', -2.5],
  ['1e2', 100],
  ['true', true],
  ['"s # \\" \\u00e9"', 's # " é'],
  ["'c:\\x'", 'c:\\x'],
  ['"""\n[a]\n# b = 1\n"""', '[a]\n# b = 1\n'],
  ["'''\n'q' = {'''", "'q' = {"],
  ['[ 1, [ 2, 3 ] ]', [1, [2, 3]]],
  ['[\n  "}", # ] c\n  "x",\n]', ['}', 'x']],
  ['[{ a = 1 }, {}]', [new TableModel('inline', new Map([['a', 1]])), new TableModel('inline')]],
  ['+1_000', 1000],
  ['0o7_55', 493],
  ['0b1_01', 5],
  ['9223372036854775807', 2n ** 63n - 1n],
  ['-9223372036854775808', -(2n ** 63n)],
  ['-9007199254740991', -9007199254740991],
  ['9_007_199_254_740_992', 2n ** 53n],
  ['1.0', 1],
  ['6.626e-34', 6.626e-34],
  ['1_0.5E+0_2', 1050],
  ['+inf', Number.POSITIVE_INFINITY],
  ['-inf', Number.NEGATIVE_INFINITY],
  ['-nan', Number.NaN],
  ['false', false],
  ['""', ''],
  ["''", ''],
  ["'a\tb'", 'a\tb'],
  ['"""a""b""""', 'a""b"'],
  ["'''''a''b'''''", "''a''b''"],
  ['"""\n  one \\  \n\n   two\\n\n"""', '  one two\n\n'],
  ['[]', []],
  ['[\n\t# none\n]', []],
  ['[ [ ], [ 1, # one\n 2 ] # two\n , """]\n""" ]', [[], [1, 2], ']\n']],
  ['[{ a.b = 1, c = [{}] }, # x\n]', [inline({ a: new TableModel('dotted', new Map([['b', 1]])), c: [inline({})] })]],
  ['2026-01-02T03:04:05Z', new DateModel('2026-01-02T03:04:05.000Z')],
  ['2026-01-02 03:04:05.123456+01:30', new DateModel('2026-01-02T01:34:05.123Z')],
  ['2026-01-02t03:04:05z', new DateModel('2026-01-02T03:04:05.000Z')],
  ['2026-01-02T03:04:05.5', new DateModel('2026-01-02T03:04:05.500')],
  ['2026-01-02 03:04:05', new DateModel('2026-01-02T03:04:05.000')],
  ['2024-02-29', new DateModel('2024-02-29')],
  ['03:04:05', new DateModel('03:04:05.000')],
  ['03:04:05.25', new DateModel('03:04:05.250')],
  ['[ 2024-02-29, 03:04]', [new DateModel('2024-02-29'), new DateModel('03:04:00.000')]],
  ['2026-01-02T03:04', new DateModel('2026-01-02T03:04:00.000')],
);

function inline(members: Record<string, Model>): TableModel {
  return new TableModel('inline', new Map(Object.entries(members)));
}

type Tree =
  | { readonly kind: 'scalar'; readonly scalar: readonly [string, Model] }
  | {
      readonly kind: 'inline' | 'dotted' | 'table';
      readonly members: readonly (readonly [string, Tree])[];
      readonly style: number;
    }
  | { readonly kind: 'tables'; readonly elements: readonly (readonly (readonly [string, Tree])[])[] };

const { tree } = fc.letrec<{ tree: Tree; members: (readonly [string, Tree])[] }>((tie) => ({
  members: fc.uniqueArray(fc.tuple(names, tie('tree')), { maxLength: 4, selector: ([name]) => name }),
  tree: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    scalar.map((value) => ({ kind: 'scalar' as const, scalar: value })),
    fc.record({
      kind: fc.constantFrom('inline' as const, 'dotted' as const, 'table' as const, 'table' as const),
      members: tie('members'),
      style: fc.nat(5),
    }),
    fc.record({
      kind: fc.constant('tables' as const),
      elements: fc.array(tie('members'), { minLength: 1, maxLength: 2 }),
    }),
  ),
}));
const members = fc.uniqueArray(fc.tuple(names, tree), { maxLength: 5, selector: ([name]) => name });

/** Documents with every form of table, comment and newline, each with the model of its values. */
export const randomDocument: fc.Arbitrary<RandomDocument> = fc
  .record({
    members,
    noise: fc.array(fc.nat(63), { minLength: 1, maxLength: 7 }),
    order: fc.array(fc.nat(), { minLength: 1, maxLength: 5 }),
    newlines: fc.constantFrom(['\n'], ['\n'], ['\r\n'], ['\n', '\r\n', '\n']),
    bom: fc.constantFrom('', '', '\uFEFF'),
    finalNewline: fc.boolean(),
  })
  .map(({ members, noise, order, newlines, bom, finalNewline }) => {
    const writer = new DocumentWriter(noise);
    const model = writer.write(members);
    let count = 0;
    const nextNewline = (): string => newlines[count++ % newlines.length] ?? '\n';
    const lines = writer
      .linesIn(order)
      .map(({ text, key }) => ({ text: `${text}\n`.replace(/\n/g, nextNewline), key }));
    const last = lines.pop();
    if (last) lines.push({ ...last, text: finalNewline ? last.text : last.text.replace(/\r?\n$/, '') });
    const text = bom + lines.map((line) => line.text).join('');
    return { text, lines, model, isBeyondIarna: writer.isBeyondIarna };
  });

/** True for the names of Object.prototype. `@iarna/toml` loses a table with such a name. */
export const isBeyondIarna = (name: string): boolean => name in {};
const isBare = (name: string): boolean => /^[\w-]+$/.test(name);

class DocumentWriter {
  isBeyondIarna = false;
  readonly #blocks: Line[][] = [];
  readonly #noise: readonly number[];
  #lines: Line[] = [];
  #count = 0;

  constructor(noise: readonly number[]) {
    this.#noise = noise;
  }

  write(members: readonly (readonly [string, Tree])[]): TableModel {
    const root = new TableModel('header');
    this.#newBlock();
    this.#section(root, [], members, true);
    return root;
  }

  /**
   * Returns the lines of the root, then the blocks of the headers in the given order. A block can come before that of
   * its super-table.
   */
  linesIn(order: readonly number[]): readonly Line[] {
    const [root = [], ...others] = this.#blocks;
    const ranked = others.map((lines, index) => ({ lines, rank: order[index % order.length] ?? 0 }));
    return [root, ...ranked.sort((a, b) => a.rank - b.rank).map(({ lines }) => lines)].flat();
  }

  #newBlock(): void {
    this.#lines = [];
    this.#blocks.push(this.#lines);
  }

  /**
   * Writes the members of a table.
   *
   * @param isFree True if the headers below can have any order: outside arrays of tables, and not below dotted keys.
   */
  #section(
    table: TableModel,
    path: readonly string[],
    members: readonly (readonly [string, Tree])[],
    isFree: boolean,
  ): void {
    const below: ((isFree: boolean) => void)[] = [];
    for (const [name, tree] of members) this.#member(table, path, [name], tree, below);
    // The headers below a section come after its keys.
    const hasDotted = members.some(([, { kind }]) => kind === 'dotted');
    for (const write of below) write(isFree && !hasDotted);
  }

  #member(
    table: TableModel,
    section: readonly string[],
    key: readonly string[],
    tree: Tree,
    below: ((isFree: boolean) => void)[],
  ): void {
    const path = [...section, ...key];
    const name = key[key.length - 1] ?? '';
    if (tree.kind === 'table' || tree.kind === 'tables') {
      below.push((isFree) => this.#headers(table, path, name, tree, isFree));
    } else if (tree.kind === 'dotted' && tree.members.some(([, { kind }]) => kind === 'scalar' || kind === 'inline')) {
      const dotted = new TableModel('dotted');
      table.members.set(name, dotted);
      for (const [inner, member] of tree.members) this.#member(dotted, section, [...key, inner], member, below);
    } else {
      const [text, value] = tree.kind === 'scalar' ? tree.scalar : this.#inline(tree);
      table.members.set(name, value);
      this.#line(`${this.#key(key)} = ${text}`, path);
    }
  }

  #headers(table: TableModel, path: readonly string[], name: string, tree: Tree, isFree: boolean): void {
    if (isFree) this.#newBlock();
    if (tree.kind === 'tables') {
      const array = new TablesModel(tree.elements.map(() => new TableModel('header')));
      table.members.set(name, array);
      tree.elements.forEach((members, index) => {
        this.#line(`[[${this.#key(path)}]]`, path);
        this.#section(array.elements[index] ?? new TableModel('header'), path, members, false);
      });
    } else if (tree.kind === 'table') {
      const isImplied =
        tree.members.length > 0 && tree.members.every(([, { kind }]) => kind === 'table' || kind === 'tables');
      const created = new TableModel(isImplied && tree.style % 2 === 0 ? 'implied' : 'header');
      table.members.set(name, created);
      if (created.form === 'header') this.#line(`[${this.#key(path)}]`, path);
      this.#section(created, path, tree.members, isFree);
    }
  }

  #inline(tree: Exclude<Tree, { kind: 'scalar' }>): [string, TableModel] {
    const table = new TableModel('inline');
    const style = 'style' in tree ? tree.style : 0;
    const texts = ('members' in tree ? tree.members : []).map(([name, member]) => {
      const [text, value] = member.kind === 'scalar' ? member.scalar : this.#inline(member);
      if (style === 1) {
        table.members.set(name, new TableModel('dotted', new Map([['z', value]])));
        return `${this.#key([name])}.z = ${text}`;
      }
      table.members.set(name, value);
      return `${this.#key([name])} = ${text}`;
    });
    if (style >= 4) this.isBeyondIarna = true;
    if (style === 5) return [`{\n${texts.map((text) => `  ${text}, # , }\n`).join('')}}`, table];
    if (style === 4) return [`{\n  # {\n  ${texts.join(',\n  ')} # end\n}`, table];
    return [texts.length > 0 ? `{${texts.join(style === 3 ? ',' : ' , ')} }` : '{}', table];
  }

  /** Writes a key path with random quotes and spaces. */
  #key(parts: readonly string[]): string {
    this.isBeyondIarna ||= parts.some(isBeyondIarna);
    const texts = parts.map((part) => {
      const style = this.#nextNoise() >> 4;
      if (style === 3 && !/['\p{Cc}]/u.test(part)) return `'${part}'`;
      if (style === 2)
        return JSON.stringify(part).replace(/[a-z]/, (letter, at, all) =>
          all[at - 1] === '\\' ? letter : `\\u00${letter.charCodeAt(0).toString(16)}`,
        );
      return isBare(part) ? part : JSON.stringify(part);
    });
    return texts.join(this.#nextNoise() >> 4 === 1 ? ' . ' : '.');
  }

  #nextNoise(): number {
    this.#count += 1;
    return this.#noise[this.#count % this.#noise.length] ?? 0;
  }

  #line(text: string, key: readonly string[]): void {
    const noise = this.#nextNoise();
    if (noise & 1) this.#lines.push({ text: noise & 32 ? ' \t' : '', key: undefined });
    if (noise & 2) this.#lines.push({ text: `# ${this.#count} [x] = "`, key: undefined });
    const indent = noise & 4 ? '\t' : '';
    this.#lines.push({ text: `${indent}${text}${noise & 8 ? ` # c${this.#count}` : ''}`, key });
  }
}
