import { accessSync, constants, lstatSync, readFileSync, realpathSync, type Stats, statSync } from 'node:fs';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { codeOf } from './file/config-error.js';
import { walkPath } from './file/walk-path.js';
import type { Environment } from './user-config.js';

/**
 * What a directory has as its project config:
 *
 * - `none`: nothing.
 * - `usable`: a file that counts.
 * - `foreign`: it, its `.zjj`, or a link on the way belongs to a user who may not decide for us. `reason` says whose.
 * - `unusable`: it is ours, but it cannot be used. `reason` says why.
 */
export type ProjectConfig =
  | { readonly kind: 'none' | 'usable' }
  | { readonly kind: 'foreign' | 'unusable'; readonly reason: string };

/**
 * Looks at `.zjj/config.toml` in a directory. Anybody may make one in a directory such as /tmp, and a config decides
 * where secrets go. On POSIX it therefore counts only if the file, `.zjj`, and every symbolic link on the way belong to
 * the effective user or root, or the directory is in `ZJJ_TRUSTED_DIRECTORIES`.
 *
 * @param directory - Absolute, without symbolic links.
 */
export function inspectProject(directory: string, environment: Environment): ProjectConfig {
  const folder = join(directory, '.zjj');
  const path = join(folder, 'config.toml');
  // A directory that may not be searched shows nothing, and users may work below one.
  const entry = look(() => lstatSync(folder));
  if (typeof entry === 'string') return { kind: 'none' };
  const file = look(() => lstatSync(path));
  if (file === 'missing' && !isDangling(folder, entry)) return { kind: 'none' };
  const reason = whyForeign(directory, environment);
  if (reason !== undefined) return { kind: 'foreign', reason };
  const unusable = whyUnusable(path);
  return unusable === undefined ? { kind: 'usable' } : { kind: 'unusable', reason: unusable };
}

/**
 * Whose `.zjj` stands in the way in a directory: `the directory /tmp/.zjj belongs to user mallory (uid 1001)`. Undefined if
 * there is none, or it counts.
 *
 * @param directory - As for {@link inspectProject}.
 */
export function whyForeign(directory: string, environment: Environment): string | undefined {
  const own = ownUsers(environment);
  if (own === undefined || isTrusted(directory, environment)) return undefined;
  const folder = join(directory, '.zjj');
  const path = join(folder, 'config.toml');
  for (const { name, kind, directory: parent } of walkPath(path)) {
    // Whoever owns a link decides where it leads.
    if (kind === 'link') {
      const link = join(parent, name);
      const reason = foreignOwner(link, own, () => lstatSync(link));
      if (reason !== undefined) return reason;
    }
  }
  return (
    foreignOwner(folder, own, () => lstatSync(folder)) ??
    foreignOwner(folder, own, () => statSync(folder)) ??
    foreignOwner(path, own, () => lstatSync(path)) ??
    foreignOwner(path, own, () => statSync(path))
  );
}

/** The users whose project configs count. Undefined on Windows, which has no user ids. */
function ownUsers({ SUDO_UID: sudo }: Environment): ReadonlySet<number> | undefined {
  const user = process.geteuid?.();
  if (user === undefined) return undefined;
  const users = new Set([0, user]);
  // Root under sudo works for the user who called it. For any other user, the variable proves nothing.
  if (user === 0 && sudo !== undefined && /^\d+$/.test(sudo)) users.add(Number(sudo));
  return users;
}

/** Whether `ZJJ_TRUSTED_DIRECTORIES` has the directory that contains `.zjj`. It does not cover the directories below. */
function isTrusted(directory: string, { ZJJ_TRUSTED_DIRECTORIES: list = '' }: Environment): boolean {
  return list.split(delimiter).some((entry) => {
    if (entry === '*') return true;
    if (!isAbsolute(entry)) return false;
    try {
      return realpathSync.native(entry) === directory;
    } catch {
      return false;
    }
  });
}

function foreignOwner(path: string, own: ReadonlySet<number>, stat: () => Stats): string | undefined {
  const found = look(stat);
  if (typeof found === 'string' || own.has(found.uid)) return undefined;
  return `${path} belongs to ${userName(found.uid)}`;
}

/** `user mallory (uid 1001)`. The name is only there for accounts in /etc/passwd. */
function userName(uid: number): string {
  try {
    const line = readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .find((account) => account.split(':')[2] === String(uid));
    if (line !== undefined) return `user ${line.split(':')[0]} (uid ${uid})`;
  } catch {
    // The number is enough.
  }
  return `uid ${uid}`;
}

function whyUnusable(path: string): string | undefined {
  try {
    if (statSync(path).isDirectory()) return 'it is a directory';
    accessSync(path, constants.R_OK);
    return undefined;
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT') return 'it is a link to a file that does not exist';
    return code === 'EACCES' ? 'permission denied (EACCES)' : (error as Error).message;
  }
}

/** Whether `.zjj` is a link that leads nowhere. Its config may come back, so it is not the same as none. */
function isDangling(folder: string, entry: Stats): boolean {
  return entry.isSymbolicLink() && look(() => statSync(folder)) === 'missing';
}

/** `hidden`: the system does not tell, for example because a directory may not be searched. */
function look(stat: () => Stats): Stats | 'missing' | 'hidden' {
  try {
    return stat();
  } catch (error) {
    return codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR' ? 'missing' : 'hidden';
  }
}

/** The directories of a path from itself upward. */
export function* upward(directory: string): Generator<string, void> {
  for (let at = directory; ; at = dirname(at)) {
    yield at;
    if (dirname(at) === at) return;
  }
}
