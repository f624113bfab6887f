import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, withPackage } from '../support/package/dist.js';

/** A program that writes a config, and what the config may be after a crash. */
export interface Scenario {
  /** The path of the config, relative to the directory of the test. */
  readonly config: string;
  /** Makes what is on disk before. By default nothing. */
  prepare?(config: string): void;
  /** The program. It prints a line for each write, after the write was reported as successful. */
  command(config: string): readonly string[];
  /** After how many lines zjj promises anything. Before, the config may have what another program wrote to it. */
  readonly promisesAfter?: number;
  /** Whether the config may have that text, undefined if there is none, once those lines were printed. */
  accepts(text: string | undefined, printed: readonly string[]): boolean;
  /** The permission bits of the config. */
  readonly mode?: number;
  /** Leaving out the syncs of any of these must be noticed: `TEMPORARY`, or the name of a file or directory. */
  readonly syncs: readonly string[];
}

const OLD = '# mine\na = 1\n';
const MANY_LINES = Array.from({ length: 300 }, (_, line) => `filler_${line} = "${'x'.repeat(40)}"\n`).join('');

/** A config that is there before. */
const existing = (text: string) => ({
  config: 'c.toml',
  mode: 0o640,
  prepare(config: string) {
    writeFileSync(config, text);
    chmodSync(config, 0o640);
  },
});

const asynchronous = {
  set: (key: string, value: number) => acknowledged(`await zjj.setConfigValue(path, '${key}', ${value})`),
  unset: (key: string) => acknowledged(`await zjj.unsetConfigValue(path, '${key}')`),
};

const synchronous: typeof asynchronous = {
  set: (key, value) => acknowledged(`zjj.setConfigValueSync(path, '${key}', ${value})`),
  unset: (key) => acknowledged(`zjj.unsetConfigValueSync(path, '${key}')`),
};

function acknowledged(write: string): string {
  return `${write}; fs.writeSync(1, 'done\\n');`;
}

/** Another program replaces the config, and does not sync the directory. */
const replaced = (text: string, ...syncs: readonly string[]) => `{
  const fd = fs.openSync(path + '~', 'w', 0o640);
  fs.writeSync(fd, ${JSON.stringify(text)});
  ${syncs.join('')}
  fs.closeSync(fd);
  fs.renameSync(path + '~', path);
}`;

const nodeScript =
  (...statements: readonly string[]) =>
  (config: string): readonly string[] => [
    process.execPath,
    ...withPackage(
      [`const fs = require('node:fs'); const path = ${JSON.stringify(config)};`, ...statements].join('\n'),
    ),
  ];

const zjjConfig =
  (...args: readonly string[]) =>
  (config: string): readonly string[] => [
    ...[process.execPath, join(root, 'dist', 'cli', 'main.js'), 'config', '--file', config],
    ...args,
  ];

function fiveProcesses(config: string): readonly string[] {
  const command = zjjConfig('key_$i', '$i')(config).join('" "');
  return ['sh', '-c', `for i in 1 2 3 4 5; do "${command}" & done; wait`];
}

/** Accepts the texts of a config whose writes follow each other. The first is the text before them. */
const inOrder =
  (...texts: readonly (string | undefined)[]) =>
  (text: string | undefined, printed: readonly string[]): boolean =>
    texts.slice(printed.length).includes(text);

/** Accepts a config that has lines of the form `key_1 = 1`, among them each key that was printed. */
function hasPrintedKeys(text: string | undefined, printed: readonly string[]): boolean {
  if (text === undefined) return printed.length === 0;
  const lines = text.split('\n');
  const keys = lines.slice(0, -1).map((line) => /^(key_(\d+)) = \2$/.exec(line)?.[1]);
  const isWhole =
    keys.length > 0 && lines.at(-1) === '' && !keys.includes(undefined) && new Set(keys).size === keys.length;
  return isWhole && printed.every((line) => keys.includes(/key_\d+/.exec(line)?.[0]));
}

function ofForm({ set, unset }: typeof asynchronous): Record<string, Scenario> {
  return {
    'creates a config': {
      config: 'c.toml',
      command: nodeScript(set('a', 1), set('b', 2)),
      accepts: inOrder(undefined, 'a = 1\n', 'a = 1\nb = 2\n'),
      syncs: ['TEMPORARY', '.'],
    },
    'creates a config and its directories': {
      config: 'one/two/c.toml',
      command: nodeScript(set('a', 1)),
      accepts: inOrder(undefined, 'a = 1\n'),
      syncs: ['TEMPORARY', '.', 'one', 'one/two'],
    },
    'replaces a config': {
      ...existing(OLD),
      command: nodeScript(set('a', 2), set('a', 3)),
      accepts: inOrder(OLD, OLD.replace('1', '2'), OLD.replace('1', '3')),
      syncs: ['TEMPORARY', '.'],
    },
    'replaces a config of several blocks': {
      ...existing(MANY_LINES),
      command: nodeScript(set('a', 2)),
      accepts: inOrder(MANY_LINES, `${MANY_LINES}a = 2\n`),
      syncs: ['TEMPORARY', '.'],
    },
    'unsets a key': {
      ...existing(OLD),
      command: nodeScript(set('b', 2), unset('b')),
      accepts: inOrder(OLD, `${OLD}b = 2\n`, OLD),
      syncs: ['TEMPORARY', '.'],
    },
    'sets a key to the value that another program has just stored': {
      ...existing(OLD),
      command: nodeScript(replaced('a = 7\n'), set('a', 7)),
      promisesAfter: 1,
      accepts: (text) => text === 'a = 7\n',
      syncs: ['c.toml', '.'],
    },
    'unsets a key that another program has just removed': {
      ...existing(OLD),
      command: nodeScript(replaced('b = 7\n'), unset('a')),
      promisesAfter: 1,
      accepts: (text) => text === 'b = 7\n',
      syncs: ['c.toml', '.'],
    },
    'builds on a rename whose directory was not synced': {
      ...existing(OLD),
      command: nodeScript(replaced('a = 7\n', 'fs.fsyncSync(fd);'), set('b', 8)),
      accepts: (text, printed) =>
        text === 'a = 7\nb = 8\n' || (printed.length === 0 && (text === OLD || text === 'a = 7\n')),
      syncs: ['TEMPORARY', '.'],
    },
    'creates a config in directories that another program has just made': {
      config: 'one/two/three/c.toml',
      command: nodeScript(
        "for (const up of ['../..', '..', '.']) fs.mkdirSync(require('node:path').join(path, '..', up));",
        set('a', 1),
      ),
      accepts: inOrder(undefined, 'a = 1\n'),
      syncs: ['TEMPORARY', '.', 'one', 'one/two', 'one/two/three'],
    },
  };
}

/** Each form under its own name. */
function named(form: string, scenarios: Record<string, Scenario>): [string, Scenario][] {
  return Object.entries(scenarios).map(([name, scenario]) => [`${form}, ${name}`, scenario]);
}

export const scenarios: Readonly<Record<string, Scenario>> = Object.fromEntries([
  ...named('asynchronous', ofForm(asynchronous)),
  ...named('synchronous', ofForm(synchronous)),
  ...named('zjj config', {
    'creates a config': {
      config: 'one/c.toml',
      command: zjjConfig('a', '1'),
      accepts: inOrder(undefined, 'a = 1\n'),
      syncs: ['TEMPORARY', '.', 'one'],
    },
    'replaces a config': {
      ...existing(OLD),
      command: zjjConfig('a', '2'),
      accepts: inOrder(OLD, OLD.replace('1', '2')),
      syncs: ['TEMPORARY', '.'],
    },
    'unsets a key': {
      ...existing(OLD),
      command: zjjConfig('unset', 'a'),
      accepts: inOrder(OLD, '# mine\n'),
      syncs: ['TEMPORARY', '.'],
    },
    'five processes at once': {
      config: 'c.toml',
      command: fiveProcesses,
      accepts: hasPrintedKeys,
      syncs: ['TEMPORARY', '.'],
    },
    'five processes that make the directories at once': {
      config: 'one/two/c.toml',
      command: fiveProcesses,
      accepts: hasPrintedKeys,
      syncs: ['TEMPORARY', '.', 'one', 'one/two'],
    },
  }),
  ...named('at once', {
    'twenty asynchronous sets': {
      config: 'c.toml',
      command: nodeScript(
        "const set = async (i) => { await zjj.setConfigValue(path, 'key_' + i, i); fs.writeSync(1, 'key_' + i + '\\n'); };",
        'await Promise.all(Array.from({ length: 20 }, (_, i) => set(i)));',
      ),
      accepts: hasPrintedKeys,
      syncs: ['TEMPORARY', '.'],
    },
  }),
]);

export function scenarioOf(name: string): Scenario {
  const scenario = scenarios[name];
  if (scenario === undefined) throw new Error(`no scenario is called '${name}'`);
  return scenario;
}
