// package/ has the package as its users get it: built, copied, packed and installed.

import { join } from 'node:path';

/** The root of the package. */
export const root = join(__dirname, '..', '..', '..');

/** The entry point of the built package, for child processes. */
export const dist = join(root, 'dist', 'index.js');

/** Arguments for Node.js that run a script with the package as `zjj`. */
export function withPackage(script: string): string[] {
  return ['-e', `const zjj = require(${JSON.stringify(dist)});\n(async () => {\n${script}\n})();`];
}
