import { join } from 'node:path';

/** The package's root. */
export const root = join(__dirname, '..', '..', '..');

/** The package as built, for child processes. */
export const dist = join(root, 'dist', 'index.js');

/** A script of Node.js that has the package as `zjj`. */
export function withPackage(script: string): string[] {
  return ['-e', `const zjj = require(${JSON.stringify(dist)});\n(async () => {\n${script}\n})();`];
}
