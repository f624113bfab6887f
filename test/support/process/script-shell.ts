import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '../temporary-directory.js';

/**
 * A shell that writes down each script that npm or pnpm has it run, and runs none. Not by a `node-gyp` of ours: npm passes
 * that setting to `npm run` alone. Not on Windows, where it would have to be a program.
 */
export class ScriptShell {
  readonly #log: string;
  /** Makes the package manager use it. */
  readonly env: NodeJS.ProcessEnv;

  constructor() {
    const directory = temporaryDirectory();
    const shell = join(directory, 'shell');
    this.#log = join(directory, 'log');
    // sh -c SCRIPT
    writeFileSync(shell, `#!/bin/sh\necho "$2" >> '${this.#log}'\n`, { mode: 0o755 });
    this.env = process.platform === 'win32' ? {} : { npm_config_script_shell: shell };
  }

  /** In the order in which they would have been run. */
  get scripts(): string[] {
    return existsSync(this.#log) ? readFileSync(this.#log, 'utf8').trimEnd().split('\n') : [];
  }
}
