import fc from 'fast-check';

/** How a table is written, which decides what can be set over it and when it is gone. */
export type Form = 'header' | 'implied' | 'dotted' | 'inline';
/** The model of a document: a plain map per table. Scalars are as our reader gives them. */
export type Model = string | number | boolean | Date | Model[] | TableModel | TablesModel;

export class TableModel {
  constructor(
    public form: Form,
    readonly members: Map<string, Model> = new Map(),
  ) {}
}

/** An array of tables. */
export class TablesModel {
  constructor(readonly elements: TableModel[]) {}
}

/** A line, or the lines of one value, and the key that it is about; comments and blank lines are about none. */
export interface Line {
  readonly text: string;
  readonly key: readonly string[] | undefined;
}

export interface RandomDocument {
  readonly text: string;
  readonly lines: readonly Line[];
  readonly model: TableModel;
  /** The text has what TOML 1.1 brought. */
  readonly isNew: boolean;
}

export const names = fc.constantFrom('a', 'b', 'c', 'd', 'x y', 'é', '', 'q.r', '1');

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
  ['2026-01-02T03:04:05Z', new Date('2026-01-02T03:04:05Z')],
);

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

/** A document in which every form of table, comment and line end occurs, with the model of what it says. */
export const randomDocument: fc.Arbitrary<RandomDocument> = fc
  .record({
    members,
    noise: fc.array(fc.nat(9), { minLength: 1, maxLength: 7 }),
    newline: fc.constantFrom('\n', '\n', '\r\n'),
    bom: fc.constantFrom('', '', '\uFEFF'),
    finalNewline: fc.boolean(),
  })
  .map(({ members, noise, newline, bom, finalNewline }) => {
    const writer = new DocumentWriter(noise);
    const model = writer.write(members);
    const lines = writer.lines.map(({ text, key }) => ({ text: text.replaceAll('\n', newline), key }));
    const body = lines.map(({ text }) => text).join(newline) + (finalNewline && lines.length > 0 ? newline : '');
    return { text: bom + body, lines, model, isNew: writer.isNew };
  });

const quoted = (name: string): string => (/^\w+$/.test(name) && name !== 'é' ? name : JSON.stringify(name));
const keyText = (key: readonly string[]): string => key.map(quoted).join('.');

class DocumentWriter {
  readonly lines: Line[] = [];
  isNew = false;
  readonly #noise: readonly number[];
  #count = 0;

  constructor(noise: readonly number[]) {
    this.#noise = noise;
  }

  write(members: readonly (readonly [string, Tree])[]): TableModel {
    const root = new TableModel('header');
    this.#section(root, [], members);
    return root;
  }

  #section(table: TableModel, path: readonly string[], members: readonly (readonly [string, Tree])[]): void {
    const below: (() => void)[] = [];
    for (const [name, tree] of members) this.#member(table, path, [name], tree, below);
    // Headers come after all the keys of the section that they are below.
    for (const write of below) write();
  }

  #member(
    table: TableModel,
    section: readonly string[],
    key: readonly string[],
    tree: Tree,
    below: (() => void)[],
  ): void {
    const path = [...section, ...key];
    const name = key[key.length - 1] ?? '';
    if (tree.kind === 'table' || tree.kind === 'tables') {
      below.push(() => this.#headers(table, path, name, tree));
    } else if (tree.kind === 'dotted' && tree.members.some(([, { kind }]) => kind === 'scalar' || kind === 'inline')) {
      const dotted = new TableModel('dotted');
      table.members.set(name, dotted);
      for (const [inner, member] of tree.members) this.#member(dotted, section, [...key, inner], member, below);
    } else {
      const [text, value] = tree.kind === 'scalar' ? tree.scalar : this.#inline(tree);
      table.members.set(name, value);
      this.#line(`${keyText(key)} = ${text}`, path);
    }
  }

  #headers(table: TableModel, path: readonly string[], name: string, tree: Tree): void {
    if (tree.kind === 'tables') {
      const array = new TablesModel(tree.elements.map(() => new TableModel('header')));
      table.members.set(name, array);
      tree.elements.forEach((members, index) => {
        this.#line(`[[${keyText(path)}]]`, path);
        this.#section(array.elements[index] ?? new TableModel('header'), path, members);
      });
    } else if (tree.kind === 'table') {
      const isImplied =
        tree.members.length > 0 && tree.members.every(([, { kind }]) => kind === 'table' || kind === 'tables');
      const made = new TableModel(isImplied && tree.style % 2 === 0 ? 'implied' : 'header');
      table.members.set(name, made);
      if (made.form === 'header') this.#line(`[${keyText(path)}]`, path);
      this.#section(made, path, tree.members);
    }
  }

  #inline(tree: Exclude<Tree, { kind: 'scalar' }>): [string, TableModel] {
    const table = new TableModel('inline');
    const style = 'style' in tree ? tree.style : 0;
    const texts = ('members' in tree ? tree.members : []).map(([name, member]) => {
      const [text, value] = member.kind === 'scalar' ? member.scalar : this.#inline(member);
      if (style === 1) {
        table.members.set(name, new TableModel('dotted', new Map([['z', value]])));
        return `${quoted(name)}.z = ${text}`;
      }
      table.members.set(name, value);
      return `${quoted(name)} = ${text}`;
    });
    if (style >= 4) this.isNew = true;
    if (style === 5) return [`{\n${texts.map((text) => `  ${text}, # , }\n`).join('')}}`, table];
    if (style === 4) return [`{\n  # {\n  ${texts.join(',\n  ')} # end\n}`, table];
    return [texts.length > 0 ? `{${texts.join(style === 3 ? ',' : ' , ')} }` : '{}', table];
  }

  #line(text: string, key: readonly string[]): void {
    const noise = this.#noise[this.#count % this.#noise.length] ?? 0;
    this.#count += 1;
    if (noise & 1) this.lines.push({ text: '', key: undefined });
    if (noise & 2) this.lines.push({ text: `# ${this.#count} [x] = "`, key: undefined });
    const indent = noise & 4 ? '\t' : '';
    this.lines.push({ text: `${indent}${text}${noise & 8 ? ` # c${this.#count}` : ''}`, key });
  }
}
