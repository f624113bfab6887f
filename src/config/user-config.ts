import { lstatSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { posix, win32 } from 'node:path';
import { ZjjError } from '../errors.js';
import { bearsStoreMark } from '../lock/internal.js';
import { codeOf } from './file/config-error.js';

/** The variables of a process's environment. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The path of the user's config. The first rule that matches decides:
 *
 * 1. `zjj/config.toml` in `$XDG_CONFIG_HOME`, if that is an absolute path.
 * 2. `zjj/config.toml` in the platform's settings directory (`~/.config`, `~/Library/Application Support`, `%APPDATA%`),
 *    if that file exists.
 * 3. `~/config.toml`, if it exists and its lock file shows that the store wrote it. So the values stay when another
 *    program makes the settings directory.
 * 4. `zjj/config.toml` in the settings directory, if that directory exists, or if `~/config.toml` is somebody else's.
 * 5. `~/config.toml`.
 *
 * @throws ZjjError CONFIG_READ: there is no home directory.
 */
export function userConfigPath(environment: Environment, platform: NodeJS.Platform): string {
  const xdg = environment['XDG_CONFIG_HOME'];
  if (xdg && pathRules(platform).isAbsolute(xdg)) return beneath(xdg, platform, 'zjj', 'config.toml');
  const home = homeDirectory(environment, platform);
  const settings = settingsDirectory(home, environment, platform);
  const inSettings = beneath(settings, platform, 'zjj', 'config.toml');
  if (exists(inSettings)) return inSettings;
  const inHome = beneath(home, platform, 'config.toml');
  if (exists(inHome)) return bearsStoreMark(`${inHome}.lock`) ? inHome : inSettings;
  return isDirectory(settings) ? inSettings : inHome;
}

/**
 * Replaces `~/` at the start of a path by the home directory, for paths that no shell has expanded.
 *
 * @throws ZjjError CONFIG_READ: there is no home directory.
 */
export function expandHome(path: string, environment: Environment, platform: NodeJS.Platform): string {
  if (!(path.startsWith('~/') || (platform === 'win32' && path.startsWith('~\\')))) return path;
  return beneath(homeDirectory(environment, platform), platform, path.slice(2));
}

/** Joins names to a directory. Unlike path.join, it does not turn `link/..` into `.`, which would name another file. */
export function beneath(directory: string, platform: NodeJS.Platform, ...names: string[]): string {
  const { sep } = pathRules(platform);
  return (directory.endsWith(sep) ? directory : directory + sep) + names.join(sep);
}

function pathRules(platform: NodeJS.Platform) {
  return platform === 'win32' ? win32 : posix;
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

/** What cannot be looked at counts as there: the values may be in it, and reading it tells the reason. */
function exists(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch (error) {
    return codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ENOTDIR';
  }
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
