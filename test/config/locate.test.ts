import {
  chownSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, type TestContext, test } from 'vitest';
import { type ConfigRequest, locateConfig, locateSources } from '../../src/config/locate.js';

const startDirectory = process.cwd();
let root: string;
let home: string;
let work: string;

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'zjj-locate-')));
  home = makeDirectory('home');
  work = makeDirectory('work', 'deep', 'deeper');
  process.chdir(work);
});

afterEach(() => {
  process.chdir(startDirectory);
  rmSync(root, { recursive: true });
});

function makeDirectory(...names: string[]): string {
  const directory = join(root, ...names);
  mkdirSync(directory, { recursive: true });
  return directory;
}

function makeFile(...names: string[]): string {
  makeDirectory(...names.slice(0, -1));
  const file = join(root, ...names);
  writeFileSync(file, '');
  return file;
}

/** A file with its lock file, as a holder or a finished writer of the store leaves it. */
function makeOurs(lockText: string, ...names: string[]): string {
  const file = makeFile(...names);
  writeFileSync(`${file}.lock`, lockText.padEnd(256));
  return file;
}

const cleanMark = 'released by the zjj store at 2026-11-23T06:32:09.123Z';
const record = '{"pid":7,"host":"h","command":"zjj","since":"2026-11-23T06:32:09.123Z"}';

function located(request = {}, env: Record<string, string> = {}, platform: NodeJS.Platform = 'linux') {
  return locateConfig(request, { HOME: home, USERPROFILE: home, ...env }, platform);
}

describe('the file that is written', () => {
  test('--file and a scope take precedence over ZJJ_CONFIG, which takes precedence over the project', () => {
    const project = makeFile('work', '.zjj', 'config.toml');
    expect(located({ file: 'x/../y.toml' }, { ZJJ_CONFIG: '/env.toml' })).toEqual({
      path: 'x/../y.toml',
      scope: 'file',
    });
    expect(located({}, { ZJJ_CONFIG: '/env.toml' })).toEqual({ path: '/env.toml', scope: 'env' });
    expect(located({ scope: 'project' }, { ZJJ_CONFIG: '/env.toml' })).toEqual({ path: project, scope: 'project' });
    expect(located({}, { ZJJ_CONFIG: '~/env.toml' }).path).toBe(join(home, 'env.toml'));
    expect(located({ file: '~/own.toml' }).path).toBe(join(home, 'own.toml'));
    expect(located({ file: './~/own.toml' }).path).toBe('./~/own.toml');
    expect(located({}, { ZJJ_CONFIG: '' })).toEqual({ path: project, scope: 'project' });
  });

  test('the nearest project wins, and a .zjj without a config is no project', () => {
    makeFile('work', '.zjj', 'config.toml');
    const nearer = makeFile('work', 'deep', '.zjj', 'config.toml');
    makeDirectory('work', 'deep', 'deeper', '.zjj');
    expect(located()).toEqual({ path: nearer, scope: 'project' });
    expect(located({ scope: 'project' }).path).toBe(nearer);
    expect(located({ scope: 'global' })).toEqual({ path: join(home, 'config.toml'), scope: 'global' });
  });

  test('the project scope without a project means the current directory', () => {
    expect(located({ scope: 'project' })).toEqual({
      path: join(work, '.zjj', 'config.toml'),
      scope: 'project',
    });
  });

  test('a deleted current directory has no project and cannot hold a new one', () => {
    rmdirSync(work);
    expect(located().scope).toBe('global');
    expect(() => located({ scope: 'project' })).toThrow(expect.objectContaining({ code: 'CONFIG_READ' }));
  });
});

describe("the user's file", () => {
  test('is in the home directory if there is no directory for settings', () => {
    expect(located().path).toBe(join(home, 'config.toml'));
    makeFile('home', '.config');
    expect(located().path).toBe(join(home, 'config.toml'));
  });

  test('is in ~/.config if that is a directory', () => {
    makeDirectory('home', '.config');
    expect(located().path).toBe(join(home, '.config', 'zjj', 'config.toml'));
  });

  test.for<[string, string]>([
    ['a finished writer', cleanMark],
    ['a holder, or one that was killed', record],
    ['a writer that failed', ''],
  ])('stays in the home directory when ~/.config appears after it: the lock file of %s', ([, lockText]) => {
    const file = makeOurs(lockText, 'home', 'config.toml');
    makeDirectory('home', '.config');
    expect(located().path).toBe(file);
  });

  test('that is in its conventional place stays there, whatever lies in the home directory', () => {
    const file = makeFile('home', '.config', 'zjj', 'config.toml');
    makeFile('home', 'config.toml.lock');
    expect(located().path).toBe(file);
    makeOurs(cleanMark, 'home', 'config.toml');
    expect(located().path).toBe(file);
    rmSync(file);
    symlinkSync('nowhere', file);
    expect(located().path).toBe(file);
  });

  test('is not a lock file without a config, such as flock(1) makes', () => {
    makeFile('home', 'config.toml.lock');
    makeDirectory('home', '.config');
    expect(located().path).toBe(join(home, '.config', 'zjj', 'config.toml'));
  });

  test.for<[string, string | undefined]>([
    ['without a lock file', undefined],
    ['with an empty lock file', ''],
    ['with the lock file of another program', 'pid 7'],
    ['with a lock file that only begins like a record', '{"pid":7'.padEnd(256)],
    ['with a longer file', `${cleanMark.padEnd(256)}\n`.padStart(300)],
  ])('is not a config.toml %s', ([, lockText]) => {
    const file = makeFile('home', 'config.toml');
    if (lockText !== undefined) writeFileSync(`${file}.lock`, lockText);
    const inSettings = join(home, '.config', 'zjj', 'config.toml');
    expect(located().path).toBe(inSettings);
    makeDirectory('home', '.config');
    expect(located().path).toBe(inSettings);
  });

  test('is beside a ~/.config that leads nowhere, and stays there when it leads somewhere again', () => {
    symlinkSync('dotfiles', join(home, '.config'));
    expect(located().path).toBe(join(home, 'config.toml'));
    const file = makeOurs(cleanMark, 'home', 'config.toml');
    makeDirectory('home', 'dotfiles');
    expect(located().path).toBe(file);
    const kept = makeFile('home', 'dotfiles', 'zjj', 'config.toml');
    expect(realpathSync(located().path)).toBe(kept);
  });

  test('is in XDG_CONFIG_HOME if that is absolute, whatever else exists and even if that does not', () => {
    makeFile('home', 'config.toml.lock');
    expect(located({}, { XDG_CONFIG_HOME: join(root, 'xdg') }).path).toBe(join(root, 'xdg', 'zjj', 'config.toml'));
    expect(located({}, { XDG_CONFIG_HOME: '/' }).path).toBe('/zjj/config.toml');
    expect(located({}, { XDG_CONFIG_HOME: 'relative' }).path).toBe(join(home, 'config.toml'));
    expect(located({}, { XDG_CONFIG_HOME: '' }).path).toBe(join(home, 'config.toml'));
  });

  test('is in Application Support on macOS, not in ~/.config', () => {
    makeDirectory('home', '.config');
    expect(located({}, {}, 'darwin').path).toBe(join(home, 'config.toml'));
    const settings = makeDirectory('home', 'Library', 'Application Support');
    expect(located({}, {}, 'darwin').path).toBe(join(settings, 'zjj', 'config.toml'));
  });

  test('is in APPDATA on Windows', () => {
    const settings = makeDirectory('roaming');
    expect(located({}, { APPDATA: settings }, 'win32').path).toBe(`${settings}\\zjj\\config.toml`);
    expect(located({}, {}, 'win32').path).toBe(`${home}\\config.toml`);
  });

  test("is in the account's home directory if HOME is empty", () => {
    expect(located({}, { HOME: '' }).path).toMatch(/config\.toml$/);
  });

  test('keeps the path of the home directory as given, with its `..`', () => {
    expect(located({}, { HOME: `${home}/../home` }).path).toBe(`${home}/../home/config.toml`);
  });
});

/** A user who is neither root nor this process. */
const STRANGER = 12_345;

function requiresRoot(context: TestContext): void {
  if (process.geteuid?.() !== 0) context.skip('only root can give files to another user');
}

describe("another user's project config", () => {
  /** What is passed over, and the file that a write goes to. */
  function search(env: Record<string, string> = {}, request: ConfigRequest = {}) {
    const notices: string[] = [];
    const { path } = located({ ...request, onPassedOver: (notice: string) => notices.push(notice) }, env);
    return { path, notices };
  }

  const strangers: [string, (folder: string, file: string) => void][] = [
    ['the file', (_, file) => chownSync(file, STRANGER, 0)],
    ['its directory', (folder) => chownSync(folder, STRANGER, 0)],
    ['a link to the file', (_, file) => linkTo(file, 'moved.toml')],
    ['a link to its directory', (folder) => linkTo(folder, 'moved')],
    [
      'the file behind a link of ours',
      (_, file) => {
        linkTo(file, 'moved.toml');
        lchownSync(file, 0, 0);
        chownSync(join(root, 'moved.toml'), STRANGER, 0);
      },
    ],
    [
      'a link behind a link of ours',
      (_, file) => {
        linkTo(file, 'moved.toml');
        rmSync(file);
        symlinkSync(join(root, 'moved.toml'), join(root, 'second'));
        lchownSync(join(root, 'second'), STRANGER, 0);
        symlinkSync(join(root, 'second'), file);
      },
    ],
  ];

  /** Moves a file or directory away, and makes a link of the stranger in its place. */
  function linkTo(path: string, name: string): void {
    const target = join(root, name);
    const isFile = lstatSync(path).isFile();
    rmSync(path, { recursive: true });
    if (isFile) makeFile(name);
    else makeFile(name, 'config.toml');
    symlinkSync(target, path);
    lchownSync(path, STRANGER, 0);
  }

  test.for(strangers)('is passed over where %s is theirs, with a notice', ([, give], context) => {
    requiresRoot(context);
    const outer = makeFile('work', '.zjj', 'config.toml');
    const planted = makeFile('work', 'deep', '.zjj', 'config.toml');
    give(join(root, 'work', 'deep', '.zjj'), planted);
    const { path, notices } = search();
    expect(path).toBe(outer);
    expect(notices).toEqual([expect.stringContaining(`belongs to uid ${STRANGER}`)]);
    expect(notices[0]).toContain(`--file ${planted}`);
    expect(notices[0]).toContain('ZJJ_TRUSTED_DIRECTORIES');
    expect(locateSources({}, { HOME: home }, 'linux').map((source) => source.path)).toEqual([
      join(home, 'config.toml'),
      outer,
    ]);
    // The directory that contains .zjj, by any of its names, but not one above it.
    symlinkSync(join(root, 'work', 'deep'), join(root, 'alias'));
    for (const list of ['*', join(root, 'work', 'deep'), `/nowhere:${join(root, 'alias')}/`]) {
      expect(search({ ZJJ_TRUSTED_DIRECTORIES: list })).toEqual({ path: planted, notices: [] });
    }
    for (const list of ['', '..', join(root, 'work'), '/']) {
      expect(search({ ZJJ_TRUSTED_DIRECTORIES: list }).path).toBe(outer);
    }
  });

  test('counts for root under sudo if it belongs to the user who called sudo', (context) => {
    requiresRoot(context);
    const file = makeFile('work', '.zjj', 'config.toml');
    chownSync(file, STRANGER, 0);
    expect(search({ SUDO_UID: String(STRANGER) })).toEqual({ path: file, notices: [] });
    expect(search({ SUDO_UID: String(STRANGER + 1) }).path).toBe(join(home, 'config.toml'));
    expect(search({ SUDO_UID: '' }).path).toBe(join(home, 'config.toml'));
  });

  test('of the current directory is not written for --project', (context) => {
    requiresRoot(context);
    const folder = makeDirectory('work', 'deep', 'deeper', '.zjj');
    chownSync(folder, STRANGER, 0);
    expect(() => located({ scope: 'project' })).toThrow(`${folder} belongs to uid ${STRANGER}`);
    expect(() => locateSources({ scope: 'project' }, { HOME: home }, 'linux')).toThrow(`uid ${STRANGER}`);
    expect(located().path).toBe(join(home, 'config.toml'));
  });
});

describe('a project config that cannot be used', () => {
  test.for<[string, string, (file: string) => void]>([
    ['a directory', 'it is a directory', (file) => mkdirSync(file, { recursive: true })],
    [
      'a dangling link',
      'it is a link to a file that does not exist',
      (file) => {
        mkdirSync(join(file, '..'));
        symlinkSync('nowhere', file);
      },
    ],
    [
      'in a dangling .zjj',
      'it is a link to a file that does not exist',
      (file) => symlinkSync('nowhere', join(file, '..')),
    ],
  ])('is an error for a write, and a notice for a read: %s', ([, reason, make]) => {
    makeFile('work', '.zjj', 'config.toml');
    const file = join(root, 'work', 'deep', '.zjj', 'config.toml');
    make(file);
    expect(() => located()).toThrow(`Cannot use ${file}: ${reason}`);
    expect(() => located({ scope: 'project' })).toThrow(reason);
    expect(located({ scope: 'global' }).path).toBe(join(home, 'config.toml'));
    const notices: string[] = [];
    const sources = locateSources({ onPassedOver: (notice) => notices.push(notice) }, { HOME: home }, 'linux');
    expect(sources.map(({ path }) => path)).toEqual([join(home, 'config.toml')]);
    expect(notices).toEqual([`Not using ${file}: ${reason}.`]);
    expect(() => locateSources({ scope: 'project' }, { HOME: home }, 'linux')).toThrow(reason);
  });
});

describe('the files that are read', () => {
  const sources = (request = {}, env: Record<string, string> = {}) =>
    locateSources(request, { HOME: home, ...env }, 'linux').map(({ path }) => path);

  test("are the user's and, on top of it, the project's", () => {
    const project = makeFile('work', '.zjj', 'config.toml');
    expect(sources()).toEqual([join(home, 'config.toml'), project]);
  });

  test("are the user's alone without a project", () => {
    expect(sources()).toEqual([join(home, 'config.toml')]);
  });

  test('are one file if the caller chose it', () => {
    const project = makeFile('work', '.zjj', 'config.toml');
    expect(sources({ scope: 'project' })).toEqual([project]);
    expect(sources({ scope: 'global' })).toEqual([join(home, 'config.toml')]);
    expect(sources({ file: 'f.toml' })).toEqual(['f.toml']);
    expect(sources({}, { ZJJ_CONFIG: '/env.toml' })).toEqual(['/env.toml']);
  });
});
