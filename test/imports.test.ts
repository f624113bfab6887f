import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findFullFolders, findImportFaults } from './support/imports.js';
import { root } from './support/package/dist.js';
import { temporaryDirectory } from './support/temporary-directory.js';

// docs/architecture.md has the rules.

test('every import in src/ goes down, and no files import each other in a circle', () => {
  expect(findImportFaults(join(root, 'src'))).toEqual([]);
});

test.for(['src', 'native', 'test'])('no folder in %s/ has more than 13 source files', (folder) => {
  expect(findFullFolders(join(root, folder), 13)).toEqual([]);
});

/** Makes a source folder from the text of each of its files. */
function tree(files: Record<string, string>): string {
  const source = temporaryDirectory();
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(join(source, dirname(file)), { recursive: true });
    writeFileSync(join(source, file), text);
  }
  return source;
}

const GOOD = {
  'errors.ts': 'export class ZjjError extends Error {}\n',
  'lock/binding/addon.ts': "export type { ZjjError } from '../../errors.js';\n",
  'lock/queue/turns.ts': "import './end.js';\nimport type { ZjjError } from '../binding/addon.js';\n",
  'lock/queue/end.ts': '',
  'lock/lock.ts': "import { x } from './queue/turns.js';\nimport fs from 'node:fs';\n",
  'toml/syntax/parse.ts': '',
  'toml/value/date.ts': "import { parse } from '../syntax/parse.js';\n",
  'toml/edit/edit.ts': "import { date } from '../value/date.js';\n",
  'toml/index.ts': "export * from './edit/edit.js';\n",
  'config/file/read.ts': "import { parse } from '../../toml/index.js';\n",
  'config/transaction/commit.ts': "import { read } from '../file/read.js';\nimport '../../lock/lock.js';\n",
  'config/watch/watch.ts': "import '../transaction/commit.js';\n",
  'config/store.ts': "import {\n  watch,\n  type Watch,\n} from './watch/watch.js';\n",
  'cli/main.ts': "import { store } from '../config/store.js';\nimport { version } from '../../package.json';\n",
  'index.ts': "export { store } from './config/store.js';\n",
};

test('a tree that keeps the rules has no fault', () => {
  expect(findImportFaults(tree(GOOD))).toEqual([]);
});

describe('a fault is', () => {
  test.for<[string, string, string, string]>([
    ['an import of the store by the lock', 'lock/lock.ts', "'../config/store.js'", 'lock may not import config'],
    ['an import of TOML by the lock', 'lock/lock.ts', "'../toml/index.js'", 'lock may not import toml'],
    ['an import of the lock by TOML', 'toml/value/date.ts', "'../../lock/lock.js'", 'toml may not import lock'],
    ['an import of the command by the store', 'config/store.ts', "'../cli/main.js'", 'config may not import cli'],
    ['an import of the lock by the errors', 'errors.ts', "'./lock/lock.js'", 'errors.ts may not import lock'],
    ['an import of index.ts', 'cli/main.ts', "'../index.js'", 'cli may not import index.ts'],
    ['an import of a room above', 'toml/syntax/parse.ts', "'../edit/edit.js'", 'toml/syntax may not import toml/edit'],
    [
      'an import out of a room',
      'config/file/read.ts',
      "'../store.js'",
      'config/file may not import a file directly in config',
    ],
    ['a room without a rule', 'lock/lock.ts', "'./cellar/wine.js'", 'the rules do not know lock/cellar'],
    ['a folder without a rule', 'etcd/etcd.ts', "'../lock/lock.js'", 'the rules do not know etcd'],
    ['an import of a file that does not exist', 'lock/lock.ts', "'./locks.js'", 'no such source file'],
  ])('%s', ([, file, specifier, reason]) => {
    const text = `${GOOD[file as keyof typeof GOOD] ?? ''}import { x } from ${specifier};\n`;
    const faults = findImportFaults(tree({ ...GOOD, 'lock/cellar/wine.ts': '', [file]: text }));
    const target = join(dirname(file), specifier.slice(1, -1)).replaceAll('\\', '/').replace(/\.js$/, '.ts');
    expect(faults).toContain(`${file} imports ${target}: ${reason}`);
  });

  test.for<[string, (specifier: string) => string]>([
    ['import', (specifier) => `import { x } from ${specifier};`],
    ['import of several lines', (specifier) => `import {\n  x,\n  type Y,\n} from ${specifier};`],
    ['import for effect', (specifier) => `import ${specifier};`],
    ['import type', (specifier) => `import type { X } from ${specifier};`],
    ['export from', (specifier) => `export { x } from ${specifier};`],
    ['export of all', (specifier) => `export * from ${specifier};`],
    ['export type', (specifier) => `export type { X } from ${specifier};`],
    ['import in a type', (specifier) => `let x: import(${specifier}).X;`],
    ['import at run time', (specifier) => `await import(${specifier});`],
    ['require', (specifier) => `require(${specifier});`],
  ])('a circle that is closed by: %s', ([, write]) => {
    const circle = {
      'lock/a.ts': write("'./b.js'"),
      'lock/b.ts': write('"./c.js"'),
      'lock/c.ts': write("'./a.js'"),
    };
    expect(findImportFaults(tree(circle))).toEqual(['circle: lock/a.ts → lock/b.ts → lock/c.ts → lock/a.ts']);
  });

  test('a file that imports itself', () => {
    expect(findImportFaults(tree({ 'errors.ts': "import './errors.js';" }))).toEqual(['circle: errors.ts → errors.ts']);
  });
});

test('a folder with too many source files is found at any depth, and generated folders are not counted', () => {
  const many = Array.from({ length: 3 }, (_, index) => [`deep/er/${index}.cc`, ''] as const);
  const generated = many.map(([file]) => [file.replace('deep/er', 'headers'), ''] as const);
  const source = tree(Object.fromEntries([...many, ...generated, ['deep/er/README.md', '']]));
  expect(findFullFolders(source, 2)).toEqual([`${join(source, 'deep/er')} has 3 source files`]);
  expect(findFullFolders(source, 3)).toEqual([]);
});
