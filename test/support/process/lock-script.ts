import { withPackage } from '../package/dist.js';

/** Arguments for Node.js that run a script with the package as `zjj`, a lock file as `path` and node:fs as `fs`. */
export function lockScript(path: string, script: string): string[] {
  return withPackage(`const path = ${JSON.stringify(path)};\nconst fs = require('node:fs');\n${script}`);
}
