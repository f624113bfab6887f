import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '../temporary-directory.js';

/**
 * A shell that logs each script that npm or pnpm asks it to run, and runs nothing. A fake `node-gyp` would not work:
 * npm uses the setting that names it only for `npm run`. Logs nothing on Windows, where the shell must be an
 * executable.
 */
export class ScriptShell {
  readonly #log: string;
  /** The environment that makes a package manager use this shell. */
  readonly env: NodeJS.ProcessEnv;

  constructor() {
    const directory = temporaryDirectory();
    const shell = join(directory, 'shell');
    this.#log = join(directory, 'log');
    // sh -c SCRIPT
    writeFileSync(shell, `#!/bin/sh\necho "$2" >> '${this.#log}'\n`, { mode: 0o755 });
    this.env = process.platform === 'win32' ? {} : { npm_config_script_shell: shell };
  }

  /** The logged scripts, in order. */
  get scripts(): string[] {
    return existsSync(this.#log) ? readFileSync(this.#log, 'utf8').trimEnd().split('\n') : [];
  }
}
