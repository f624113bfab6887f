import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, inject, type TestContext, test } from 'vitest';
import { expectCommand, expectUsable } from '../support/package/expect-works.js';
import { makeProject, npmProject, packTarball } from '../support/package/packed.js';
import { tool } from '../support/package/tools.js';
import { npm, type Outcome, run } from '../support/process/run-command.js';
import { ScriptShell } from '../support/process/script-shell.js';

// Each package manager installs the tarball in an empty project.

interface PackageManager {
  /** The command line that starts it. */
  readonly program: (context: TestContext) => readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly install: (tarball: string) => readonly string[];
  /** Matches the whole output of an install: any other word may be a warning. */
  readonly output: RegExp;
  /** The arguments that make it list the installed packages. */
  readonly tree: readonly string[];
  readonly readTree: (output: string) => readonly string[];
  /** The command line that runs a script of the project. */
  readonly node: (program: readonly string[]) => readonly string[];
  readonly exec: readonly string[];
}

const forNpm: PackageManager = {
  program: () => npm,
  install: (tarball) => ['install', tarball],
  output: /^\s*added 2 packages in \S+\s*$/,
  tree: ['ls', '--all', '--json'],
  readTree: (output) => namesIn(JSON.parse(output)),
  node: () => [process.execPath],
  // Hides the notice in which npm 12 names the script that it runs.
  exec: ['exec', '--no', '--loglevel=warn', '--', 'zjj'],
};

const forYarn: PackageManager = {
  program: (context) => [process.execPath, tool(context, 'package', '@yarnpkg/cli-dist', 'bin/yarn.js')],
  install: (tarball) => ['add', `zjj@file:${tarball}`],
  // Yarn's message codes: 0 progress, 13 packages fetched, 19 packages no longer needed, 85 packages added, 92 its ESM
  // loader is experimental.
  output: /^(?:➤ YN00(?:00|13|19|85|92): .*\n)+$/,
  tree: ['info', '--all', '--recursive', '--json'],
  readTree: (output) =>
    output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).value.replace(/(?<=.)@.*/, ''))
      .filter((name) => name !== 'user')
      .sort(),
  node: (program) => [...program, 'node'],
  exec: ['exec', 'zjj'],
};

const packageManagers: Record<string, PackageManager> = {
  npm: forNpm,
  'npm --ignore-scripts': { ...forNpm, install: (tarball) => ['install', '--ignore-scripts', tarball] },
  'npm 12': {
    ...forNpm,
    // npm 12 needs a newer Node.js than these tests.
    program: (context) => [
      tool(context, 'runtimes', 'node-24', 'bin/node'),
      tool(context, 'package', 'npm-12', 'bin/npm-cli.js'),
    ],
  },
  pnpm: {
    ...forNpm,
    program: (context) => [process.execPath, tool(context, 'package', 'pnpm', 'bin/pnpm.cjs')],
    install: (tarball) => ['add', '--reporter=append-only', tarball],
    output: /^(?:Progress: .*\n|Packages: \+2\n|\++\n|\n|dependencies:\n|\+ zjj [\d.]+\n|Done in .*\n)+$/,
    tree: ['ls', '--depth', 'Infinity', '--json'],
    readTree: (output) => namesIn(JSON.parse(output)[0]),
    exec: ['exec', 'zjj'],
  },
  'yarn with PnP': { ...forYarn, env: { YARN_NODE_LINKER: 'pnp', YARN_PNP_ENABLE_ESM_LOADER: 'true' } },
  'yarn with node_modules': { ...forYarn, env: { YARN_NODE_LINKER: 'node-modules' }, node: forNpm.node },
};

describe.each(Object.entries(packageManagers))('%s', (name, manager) => {
  let installed: { directory: string; outcome: Outcome; scripts: readonly string[] } | undefined;

  function install(context: TestContext) {
    npmProject(context);
    const program = manager.program(context);
    if (installed === undefined) {
      const directory = join(inject('runDirectory'), `with-${name.replaceAll(' ', '-')}`);
      mkdirSync(directory);
      makeProject(directory);
      const shell = new ScriptShell();
      const outcome = run([...program, ...manager.install(packTarball())], directory, { ...manager.env, ...shell.env });
      installed = { directory, outcome, scripts: shell.scripts };
    }
    const { directory } = installed;
    return {
      ...installed,
      run: (args: readonly string[]) => run([...program, ...args], directory, manager.env),
      node: manager.node(program),
      zjj: [...program, ...manager.exec],
    };
  }

  test('installs the package without a warning, and runs and compiles nothing', (context) => {
    const { outcome, scripts, node, directory } = install(context);
    expect(outcome).toEqual({ status: 0, stdout: expect.stringMatching(manager.output), stderr: '' });
    expect(scripts).toEqual([]);
    const manifest = run([...node, '-p', "require.resolve('zjj/package.json')"], directory, manager.env).stdout.trim();
    expect(existsSync(manifest)).toBe(true);
    expect(existsSync(join(dirname(manifest), 'build'))).toBe(false);
    expect(existsSync(join(dirname(manifest), 'native/build'))).toBe(false);
  });

  test('installs one dependency, node-gyp-build', (context) => {
    expect(manager.readTree(install(context).run(manager.tree).stdout)).toEqual(['node-gyp-build', 'zjj']);
  });

  test.for(['main.mjs', 'main.cjs'] as const)('%s can import and require both entry points', (main, context) => {
    const { node, directory } = install(context);
    expectUsable(node, main, directory, manager.env);
  });

  test('runs the command', (context) => {
    const { zjj, directory } = install(context);
    expectCommand(zjj, directory, manager.env);
  });
});

interface Tree {
  readonly dependencies?: Record<string, Tree>;
}

/** The names of all direct and indirect dependencies, sorted. */
function namesIn({ dependencies = {} }: Tree): string[] {
  return Object.entries(dependencies)
    .flatMap(([name, tree]) => [name, ...namesIn(tree)])
    .sort();
}
