import { absolutePath } from '../../lock/internal.js';

/**
 * A config's path, made absolute and otherwise as it is.
 *
 * @throws ZjjError CONFIG_READ: it is empty or holds a NUL byte; TypeError: it is no path.
 */
export function configPath(path: string | URL): string {
  return absolutePath(path, 'CONFIG_READ');
}
