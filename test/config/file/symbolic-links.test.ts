import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  readConfig,
  setConfigValue,
  setConfigValueSync,
  unsetConfigValue,
  unsetConfigValueSync,
  updateConfig,
  updateConfigSync,
} from '../../../src/index.js';
import { holdElsewhere } from '../../support/process/lock-holder.js';
import { waitUntilBlocked } from '../../support/process/process-state.js';
import { HANG_TIMEOUT_MS } from '../../support/run/hang-timeout.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

/** The calls that write, and the text that each makes of `a = 1, b = 1`. */
const calls: Record<string, { call(path: string): unknown; readonly result: string }> = {
  set: { call: (path) => setConfigValue(path, 'a', 2), result: 'a = 2\nb = 1\n' },
  'set, synchronously': { call: (path) => setConfigValueSync(path, 'a', 2), result: 'a = 2\nb = 1\n' },
  unset: { call: (path) => unsetConfigValue(path, 'a'), result: 'b = 1\n' },
  'unset, synchronously': { call: (path) => unsetConfigValueSync(path, 'a'), result: 'b = 1\n' },
  update: { call: (path) => updateConfig(path, (config) => config.set('a', 2)), result: 'a = 2\nb = 1\n' },
  'update, synchronously': {
    call: (path) => updateConfigSync(path, (config) => config.set('a', 2)),
    result: 'a = 2\nb = 1\n',
  },
};
const names = Object.keys(calls);

/** A path to a config that leads through links. */
interface LinkedPath {
  /** The target of each link, by its name. `DIRECTORY` stands for the test directory. */
  readonly links: Readonly<Record<string, string>>;
  readonly path: string;
  /** A file that the path seems to name, but does not. */
  readonly decoy?: string;
}

/** Makes the links in a new directory, and returns the directory. */
function makeLinks({ links }: LinkedPath): string {
  const directory = temporaryDirectory();
  for (const [name, target] of Object.entries(links)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    symlinkSync(target.replace('DIRECTORY', directory), join(directory, name));
  }
  return directory;
}

/** Every file below a directory; links with their targets. */
function listing(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => {
      const path = join(entry.parentPath ?? entry.path, entry.name);
      const name = path.slice(directory.length + 1);
      return entry.isSymbolicLink() ? `${name} -> ${readlinkSync(path).replace(directory, 'DIRECTORY')}` : name;
    })
    .sort();
}

const linksOf = ({ links }: LinkedPath) => Object.entries(links).map(([name, target]) => `${name} -> ${target}`);

/** Paths that all lead to `real/c.toml`. */
const linkedPaths: Record<string, LinkedPath> = {
  'an absolute link': { links: { link: 'DIRECTORY/real/c.toml' }, path: 'link' },
  'a relative link': { links: { link: 'real/c.toml' }, path: 'link' },
  'a relative link upward': { links: { 'sub/link': '../real/c.toml' }, path: 'sub/link' },
  'a chain of links': {
    links: { chain: 'DIRECTORY/sub/link', 'sub/link': '../last', last: 'real/c.toml' },
    path: 'chain',
  },
  'a link to the directory': { links: { folder: 'real' }, path: 'folder/c.toml' },
  'a link in a directory that is a link': {
    links: { folder: 'far/away', 'far/away/link': '../../real/c.toml' },
    path: 'folder/link',
  },
  // path.resolve would take this for c.toml beside the link.
  'a link and `..`': { links: { folder: 'real/sub' }, path: 'folder/../c.toml', decoy: 'c.toml' },
};

describe.each(Object.entries(linkedPaths))('%s', (_name, linked) => {
  test.for(names)('is kept: %s changes the target, under the lock of the target', async (name) => {
    const directory = makeLinks(linked);
    mkdirSync(join(directory, 'real', 'sub'), { recursive: true });
    const target = join(directory, 'real', 'c.toml');
    writeFileSync(target, 'a = 1\nb = 1\n');
    const decoys = linked.decoy === undefined ? [] : [linked.decoy];
    for (const decoy of decoys) writeFileSync(join(directory, decoy), 'a = 7\n');
    await calls[name]?.call(`${directory}/${linked.path}`);
    expect(readFileSync(target, 'utf8')).toBe(calls[name]?.result);
    expect(listing(directory)).toEqual([...linksOf(linked), ...decoys, 'real/c.toml', 'real/c.toml.lock'].sort());
    for (const decoy of decoys) expect(readFileSync(join(directory, decoy), 'utf8')).toBe('a = 7\n');
  });
});

const dangling: Record<string, LinkedPath> = {
  'an absolute link': { links: { link: 'DIRECTORY/real/c.toml' }, path: 'link' },
  'a relative link': { links: { link: 'real/c.toml' }, path: 'link' },
  'a chain of links': {
    links: { chain: 'DIRECTORY/sub/link', 'sub/link': '../last', last: 'real/c.toml' },
    path: 'chain',
  },
  'a link in a directory that is a link': {
    links: { folder: 'far/away', 'far/away/link': '../../real/c.toml' },
    path: 'folder/link',
  },
};

describe.each(Object.entries(dangling))('%s with a missing target', (_name, linked) => {
  test.for(names.filter((name) => !name.startsWith('unset')))(
    'is kept: %s creates the target and its directory',
    async (name) => {
      const directory = makeLinks(linked);
      await calls[name]?.call(`${directory}/${linked.path}`);
      expect(readFileSync(join(directory, 'real', 'c.toml'), 'utf8')).toBe('a = 2\n');
      expect(listing(directory)).toEqual([...linksOf(linked), 'real/c.toml', 'real/c.toml.lock'].sort());
    },
  );

  test.for(names.filter((name) => name.startsWith('unset')))('is kept: %s creates nothing', async (name) => {
    const directory = makeLinks(linked);
    expect(await calls[name]?.call(`${directory}/${linked.path}`)).toBe(false);
    expect(listing(directory)).toEqual(linksOf(linked).sort());
    expect(existsSync(join(directory, 'real'))).toBe(false);
  });
});

const chainOf = (length: number): LinkedPath => ({
  links: Object.fromEntries(Array.from({ length }, (_, index) => [`link${index}`, `link${index + 1}`])),
  path: 'link0',
});

const broken: Record<string, LinkedPath & { readonly cause: string; readonly says: RegExp }> = {
  'a link to itself': {
    links: { link: 'link' },
    path: 'link',
    cause: 'ELOOP',
    says: /too many symbolic links \(ELOOP\)/,
  },
  'a loop of links': {
    links: { one: 'sub/two', 'sub/two': 'DIRECTORY/one' },
    path: 'one',
    cause: 'ELOOP',
    says: /too many symbolic links \(ELOOP\)/,
  },
  'a loop in a directory of the path': {
    links: { folder: 'folder2', folder2: 'folder' },
    path: 'folder/c.toml',
    cause: 'ELOOP',
    says: /too many symbolic links \(ELOOP\)/,
  },
  'a chain with more links than the system follows': {
    ...chainOf(50),
    cause: 'ELOOP',
    says: /too many symbolic links \(ELOOP\)/,
  },
  'a link to a missing directory': {
    links: { link: 'real/' },
    path: 'link',
    cause: 'ENOENT',
    says: /no such file or directory \(ENOENT\)/,
  },
};

describe.each(Object.entries(broken))('%s', (_name, linked) => {
  test.for(names.filter((name) => linked.cause === 'ELOOP' || !name.startsWith('unset')))(
    'fails with CONFIG_READ and creates nothing: %s',
    async (name) => {
      const directory = makeLinks(linked);
      const call = async () => calls[name]?.call(`${directory}/${linked.path}`);
      await expect(call()).rejects.toMatchObject({
        code: 'CONFIG_READ',
        cause: { code: linked.cause },
        message: expect.stringMatching(linked.says),
      });
      expect(listing(directory)).toEqual(linksOf(linked).sort());
    },
  );
});

test('a set follows a chain of thirty links', async () => {
  const linked = chainOf(30);
  const directory = makeLinks(linked);
  await setConfigValue(join(directory, 'link0'), 'a', 1);
  await setConfigValue(join(directory, 'link0'), 'a', 2);
  expect(readFileSync(join(directory, 'link30'), 'utf8')).toBe('a = 2\n');
  expect(lstatSync(join(directory, 'link30')).isSymbolicLink()).toBe(false);
});

test('a set follows a link that was changed while it waited for the lock', async () => {
  const directory = temporaryDirectory();
  const link = join(directory, 'link');
  for (const name of ['old', 'new']) writeFileSync(join(directory, name), `name = "${name}"\n`);
  symlinkSync('old', link);
  const holder = await holdElsewhere(join(directory, 'old.lock'));
  const waiting = setConfigValue(link, 'a', 1, { timeout: HANG_TIMEOUT_MS });
  await waitUntilBlocked(process.pid);
  symlinkSync('new', `${link}2`);
  renameSync(`${link}2`, link);
  holder.write('end');
  await waiting;
  expect(await readConfig(join(directory, 'old'))).toEqual({ name: 'old' });
  expect(await readConfig(join(directory, 'new'))).toEqual({ name: 'new', a: 1 });
});

describe.each(['file', 'directory'])('a %s that a link replaced while a call waited for the lock', (kind) => {
  test.each(['set', 'first set'])('leads to the target of the link: %s', async (call) => {
    const directory = temporaryDirectory();
    const [place, other] = [join(directory, 'place'), join(directory, 'other')];
    for (const name of [place, other]) mkdirSync(name);
    writeFileSync(join(other, 'config.toml'), 'name = "other"\n');
    const path = join(place, 'config.toml');
    if (call === 'set') writeFileSync(path, 'name = "place"\n');
    const holder = await holdElsewhere(`${path}.lock`);
    const waiting = setConfigValue(path, 'a', 1, { timeout: HANG_TIMEOUT_MS });
    await waitUntilBlocked(process.pid);
    const moved = kind === 'file' ? path : place;
    if (existsSync(moved)) renameSync(moved, `${moved}.old`);
    symlinkSync(kind === 'file' ? join(other, 'config.toml') : other, moved);
    holder.write('end');
    await waiting;
    expect(lstatSync(moved).isSymbolicLink()).toBe(true);
    expect(await readConfig(join(other, 'config.toml'))).toEqual({ name: 'other', a: 1 });
    const old = kind === 'file' ? `${path}.old` : join(`${place}.old`, 'config.toml');
    if (call === 'set') expect(await readConfig(old)).toEqual({ name: 'place' });
    else expect(existsSync(old)).toBe(false);
  });
});

test('another hard link of the file keeps the old text', async () => {
  const directory = temporaryDirectory();
  const [one = '', other = ''] = ['one.toml', 'other.toml'].map((name) => join(directory, name));
  writeFileSync(one, 'a = 1\n');
  linkSync(one, other);
  await setConfigValue(one, 'a', 2);
  expect([readFileSync(one, 'utf8'), readFileSync(other, 'utf8')]).toEqual(['a = 2\n', 'a = 1\n']);
  expect(lstatSync(other).nlink).toBe(1);
});
