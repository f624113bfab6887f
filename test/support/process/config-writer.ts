import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { withPackage } from '../package/dist.js';
import { Child } from './child.js';

/** What a call said. */
export interface Answer {
  readonly code?: string;
  readonly isZjjError?: boolean;
  readonly message?: string;
  /** The code of the cause. */
  readonly cause?: string;
  /** How many more descriptors were open after it than before. */
  readonly leaked: number;
}

/** A process that writes one config, again and again, and is so tame that its system calls can be foretold. */
export class ConfigWriter {
  readonly config: string;
  /** Of the temporary files that it makes, in turn. */
  readonly temporary: readonly string[];
  readonly #child: Child;

  constructor(config: string, form: 'asynchronous' | 'synchronous') {
    this.config = config;
    this.temporary = ['i', '9', 'r'].map((name) => `${dirname(config)}/.c.toml.${name}.tmp`);
    mkdirSync(dirname(config), { recursive: true });
    const set = form === 'asynchronous' ? 'setConfigValue' : 'setConfigValueSync';
    const script = withPackage(`
      let round = 0;
      // What the names of the temporary files are made of.
      Math.random = () => [0.5, 0.25, 0.75][round++ % 3];
      const count = () => require('node:fs').readdirSync('/proc/self/fd').length;
      const answer = async (key, value) => {
        const before = count();
        const answer = {};
        try {
          await zjj.${set}(${JSON.stringify(config)}, key, value);
        } catch (error) {
          answer.code = error.code ?? error.name;
          answer.isZjjError = error instanceof zjj.ZjjError;
          answer.message = error.message;
          answer.cause = error.cause?.code;
        }
        // The lock file stays open until the event loop has turned.
        for (let turns = 0; turns < 2; turns++) await new Promise(setImmediate);
        console.log(JSON.stringify({ ...answer, leaked: count() - before }));
      };
      for await (const line of require('node:readline').createInterface({ input: process.stdin })) {
        await answer(...JSON.parse(line));
      }`);
    // One thread syncs.
    this.#child = Child.node(script, { env: { ...process.env, UV_THREADPOOL_SIZE: '1' } });
  }

  get pid(): number {
    return this.#child.pid;
  }

  async set(key: string, value: number): Promise<Answer> {
    this.#child.write(JSON.stringify([key, value]));
    return JSON.parse(await this.#child.line());
  }

  /** The text of its config; undefined where there is none. */
  get text(): string | undefined {
    return statSync(this.config, { throwIfNoEntry: false }) && readFileSync(this.config, 'utf8');
  }

  /** The temporary files beside its config. */
  get litter(): string[] {
    if (statSync(dirname(this.config), { throwIfNoEntry: false }) === undefined) return [];
    return readdirSync(dirname(this.config)).filter((name) => name.endsWith('.tmp'));
  }

  /** As the kernel shows it: nobody need touch the lock file for that. */
  get isLocked(): boolean {
    const lockFile = statSync(`${this.config}.lock`, { throwIfNoEntry: false });
    return lockFile !== undefined && readFileSync('/proc/locks', 'latin1').includes(`:${lockFile.ino} `);
  }
}
