import { ZjjError } from '../errors.js';
import { inspectProject, upward, whyForeign } from './project-config.js';
import { beneath, type Environment, expandHome, userConfigPath } from './user-config.js';

/** Which file the caller wants. If nothing is set, the rules in {@link locateConfig} choose. */
export interface ConfigRequest {
  /** Only this file. */
  readonly file?: string | undefined;
  /** Only the project's file, or only the user's. */
  readonly scope?: 'project' | 'global' | undefined;
  /** Called with a sentence for each project config that does not count or, in a read, cannot be used. */
  readonly onPassedOver?: ((notice: string) => void) | undefined;
}

/** A config file, and the rule that chose it. The file need not exist. */
export interface ConfigLocation {
  readonly path: string;
  readonly scope: 'file' | 'env' | 'project' | 'global';
}

/**
 * Finds the file that a write goes to. The first rule that matches decides:
 *
 * 1. the file or scope in the request; for the scope 'project' without a project file, a new one in the current directory;
 * 2. `ZJJ_CONFIG`;
 * 3. the nearest `.zjj/config.toml` from the current directory upward that belongs to us, see {@link inspectProject};
 * 4. the user's file, see {@link userConfigPath}.
 *
 * This only looks at files and creates nothing.
 *
 * @throws ZjjError CONFIG_READ: there is no home directory; the current directory for a new project file is gone, or has a
 *   `.zjj` of another user; the project's config cannot be used.
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
  const named = namedConfig(request, environment, platform);
  if (named) return named;
  if (request.scope !== 'global') {
    const project = nearestProjectConfig(request, environment, platform, refuse);
    if (project) return project;
    if (request.scope === 'project') return newProjectConfig(environment, platform);
  }
  return userConfig(environment, platform);
}

/**
 * Finds the files that a read merges, lowest precedence first: the user's file and then the project's, or only the file
 * that the request or `ZJJ_CONFIG` names. Parameters and errors as for {@link locateConfig}, but a project's config that
 * cannot be used is an error only if the request asks for the project's.
 */
export function locateSources(
  request: ConfigRequest = {},
  environment: Environment = process.env,
  platform: NodeJS.Platform = process.platform,
): readonly ConfigLocation[] {
  const { scope, onPassedOver } = request;
  if (scope !== undefined || namedConfig(request, environment, platform)) {
    return [locateConfig(request, environment, platform)];
  }
  const user = userConfig(environment, platform);
  const project = nearestProjectConfig(request, environment, platform, (path, reason) =>
    onPassedOver?.(`Not using ${path}: ${reason}.`),
  );
  return project ? [user, project] : [user];
}

function namedConfig(
  { file, scope }: ConfigRequest,
  environment: Environment,
  platform: NodeJS.Platform,
): ConfigLocation | undefined {
  if (file !== undefined) return { path: expandHome(file, environment, platform), scope: 'file' };
  // An explicit request overrides the environment.
  if (scope !== undefined) return undefined;
  const path = environment['ZJJ_CONFIG'];
  return path ? { path: expandHome(path, environment, platform), scope: 'env' } : undefined;
}

/** @param onUnusable - Called if the nearest config cannot be used. If it returns, there is none. */
function nearestProjectConfig(
  { onPassedOver }: ConfigRequest,
  environment: Environment,
  platform: NodeJS.Platform,
  onUnusable: (path: string, reason: string) => void,
): ConfigLocation | undefined {
  const start = currentDirectory();
  if (start === undefined) return undefined;
  for (const directory of upward(start)) {
    const path = beneath(directory, platform, '.zjj', 'config.toml');
    const found = inspectProject(directory, environment);
    if (found.kind === 'usable') return { path, scope: 'project' };
    if (found.kind === 'foreign') {
      const howToUse = `To use it, pass --file ${path} or add ${directory} to ZJJ_TRUSTED_DIRECTORIES.`;
      onPassedOver?.(`Not using ${path}: ${found.reason}. ${howToUse}`);
    }
    if (found.kind === 'unusable') {
      onUnusable(path, found.reason);
      return undefined;
    }
  }
  return undefined;
}

function newProjectConfig(environment: Environment, platform: NodeJS.Platform): ConfigLocation {
  const directory = currentDirectory();
  if (directory === undefined) {
    throw new ZjjError('CONFIG_READ', 'The current directory no longer exists, so it cannot hold a project config.');
  }
  const path = beneath(directory, platform, '.zjj', 'config.toml');
  const reason = whyForeign(directory, environment);
  if (reason !== undefined) refuse(path, reason);
  return { path, scope: 'project' };
}

function refuse(path: string, reason: string): never {
  throw new ZjjError('CONFIG_READ', `Cannot use ${path}: ${reason}. --file or --global names another config.`, {
    path,
  });
}

function userConfig(environment: Environment, platform: NodeJS.Platform): ConfigLocation {
  return { path: userConfigPath(environment, platform), scope: 'global' };
}

function currentDirectory(): string | undefined {
  try {
    return process.cwd();
  } catch {
    // Somebody has deleted it.
    return undefined;
  }
}
