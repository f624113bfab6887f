import { mkdirSync, mkdtempSync, realpathSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { locateConfig, locateSources } from '../../src/config/locate.js';

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
    expect(located({}, { ZJJ_CONFIG: '' })).toEqual({ path: project, scope: 'project' });
  });

  test('the nearest project wins, and a directory named config.toml is ignored', () => {
    makeFile('work', '.zjj', 'config.toml');
    const nearer = makeFile('work', 'deep', '.zjj', 'config.toml');
    makeDirectory('work', 'deep', 'deeper', '.zjj', 'config.toml');
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

  test('stays in the home directory when ~/.config appears after it', () => {
    makeFile('home', 'config.toml.lock');
    makeDirectory('home', '.config');
    expect(located().path).toBe(join(home, 'config.toml'));
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
