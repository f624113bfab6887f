import { statSync } from 'node:fs';
import { homedir } from 'node:os';
import { posix, win32 } from 'node:path';
import { ZjjError } from '../errors.js';

/** Which file the caller wants. If nothing is set, the rules in {@link locateConfig} choose. */
export interface ConfigRequest {
  /** Only this file. */
  readonly file?: string | undefined;
  /** Only the project's file, or only the user's. */
  readonly scope?: 'project' | 'global' | undefined;
}

/** A config file, and the rule that chose it. The file need not exist. */
export interface ConfigLocation {
  readonly path: string;
  readonly scope: 'file' | 'env' | 'project' | 'global';
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Finds the file that a write goes to. The first rule that matches decides:
 *
 * 1. the file or scope in the request; for the scope 'project' without a project file, a new one in the current directory;
 * 2. `ZJJ_CONFIG`;
 * 3. the nearest `.zjj/config.toml` from the current directory upward;
 * 4. the user's file.
 *
 * The user's file is the first of: `zjj/config.toml` in `$XDG_CONFIG_HOME`, if that is an absolute path;
 * `~/config.toml`, if its lock file shows that the store created it; `zjj/config.toml` in the platform's settings
 * directory (`~/.config`, `~/Library/Application Support`, `%APPDATA%`), if that exists; `~/config.toml`.
 *
 * This only makes a few `stat` calls and creates nothing.
 *
 * @throws ZjjError CONFIG_READ: there is no home directory, or the current directory for a new project file is gone.
 * @see https://specifications.freedesktop.org/basedir-spec/latest/
 *
 * @example
 * locateConfig({ scope: 'global' }).path; // '/home/ann/.config/zjj/config.toml'
 */
export function locateConfig(
  request: ConfigRequest = {},
  environment: Environment = process.env,
  platform: NodeJS.Platform = process.platform,
): ConfigLocation {
  const named = namedConfig(request, environment);
  if (named) return named;
  if (request.scope !== 'global') {
    const project = nearestProjectConfig(platform);
    if (project) return project;
    if (request.scope === 'project') return newProjectConfig(platform);
  }
  return userConfig(environment, platform);
}

/**
 * Finds the files that a read merges, lowest precedence first: the user's file and then the project's, or only the file
 * that the request or `ZJJ_CONFIG` names. Parameters and errors as for {@link locateConfig}.
 */
export function locateSources(
  request: ConfigRequest = {},
  environment: Environment = process.env,
  platform: NodeJS.Platform = process.platform,
): readonly ConfigLocation[] {
  const chosen = locateConfig(request, environment, platform);
  if (chosen.scope !== 'project' || request.scope === 'project') return [chosen];
  return [userConfig(environment, platform), chosen];
}

function namedConfig({ file, scope }: ConfigRequest, environment: Environment): ConfigLocation | undefined {
  if (file !== undefined) return { path: file, scope: 'file' };
  // An explicit request overrides the environment.
  if (scope !== undefined) return undefined;
  const path = environment['ZJJ_CONFIG'];
  return path ? { path, scope: 'env' } : undefined;
}

function nearestProjectConfig(platform: NodeJS.Platform): ConfigLocation | undefined {
  const { dirname } = pathRules(platform);
  let directory = currentDirectory();
  while (directory !== undefined) {
    const path = beneath(directory, platform, '.zjj', 'config.toml');
    if (statOf(path)?.isFile()) return { path, scope: 'project' };
    const parent = dirname(directory);
    directory = parent === directory ? undefined : parent;
  }
  return undefined;
}

function newProjectConfig(platform: NodeJS.Platform): ConfigLocation {
  const directory = currentDirectory();
  if (directory === undefined) {
    throw new ZjjError('CONFIG_READ', 'The current directory no longer exists, so it cannot hold a project config.');
  }
  return { path: beneath(directory, platform, '.zjj', 'config.toml'), scope: 'project' };
}

function userConfig(environment: Environment, platform: NodeJS.Platform): ConfigLocation {
  return { path: userConfigPath(environment, platform), scope: 'global' };
}

function userConfigPath(environment: Environment, platform: NodeJS.Platform): string {
  const xdg = environment['XDG_CONFIG_HOME'];
  if (xdg && pathRules(platform).isAbsolute(xdg)) return beneath(xdg, platform, 'zjj', 'config.toml');
  const home = homeDirectory(environment, platform);
  const inHome = beneath(home, platform, 'config.toml');
  // Without this, the stored values would disappear when another program creates ~/.config.
  if (statOf(`${inHome}.lock`)) return inHome;
  const settings = settingsDirectory(home, environment, platform);
  return statOf(settings)?.isDirectory() ? beneath(settings, platform, 'zjj', 'config.toml') : inHome;
}

function settingsDirectory(home: string, environment: Environment, platform: NodeJS.Platform): string {
  if (platform === 'win32') return environment['APPDATA'] || beneath(home, platform, 'AppData', 'Roaming');
  if (platform === 'darwin') return beneath(home, platform, 'Library', 'Application Support');
  return beneath(home, platform, '.config');
}

function homeDirectory(environment: Environment, platform: NodeJS.Platform): string {
  const home = environment[platform === 'win32' ? 'USERPROFILE' : 'HOME'] || accountHome();
  if (home) return home;
  throw new ZjjError('CONFIG_READ', 'No home directory found for the config. Set HOME or ZJJ_CONFIG.');
}

function accountHome(): string | undefined {
  try {
    return homedir();
  } catch {
    // The user id has no account, as in many containers.
    return undefined;
  }
}

function currentDirectory(): string | undefined {
  try {
    return process.cwd();
  } catch {
    // Somebody has deleted it.
    return undefined;
  }
}

/** An unreachable path counts as missing. Users may work below a directory that they cannot search. */
function statOf(path: string) {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function pathRules(platform: NodeJS.Platform) {
  return platform === 'win32' ? win32 : posix;
}

/** Unlike path.join, it does not turn `link/..` into `.`, which would name another file. */
function beneath(directory: string, platform: NodeJS.Platform, ...names: string[]): string {
  const { sep } = pathRules(platform);
  return (directory.endsWith(sep) ? directory : directory + sep) + names.join(sep);
}
