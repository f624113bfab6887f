import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { withPackage } from '../package/dist.js';
import { HANG_TIMEOUT_MS } from '../run/hang-timeout.js';
import { temporaryDirectory } from '../temporary-directory.js';
import { Child } from './child.js';
import { waitForNoWaitThread, waitThreads, waitUntilBlocked } from './process-state.js';

/** The result of one call. */
export interface Answer {
  readonly code?: string;
  readonly isZjjError?: boolean;
  readonly message?: string;
  /** The code of the cause. */
  readonly cause?: string;
  /** How many descriptors the call left open. */
  readonly leaked: number;
}

/** A process that writes one config on request. The same call always makes the same system calls. */
export class ConfigWriter {
  readonly config: string;
  /** The paths of its temporary files. It uses them in turn. */
  readonly temporary: readonly string[];
  readonly #child: Child;
  /** A lock file that keeps a thread waiting. */
  readonly #busy = join(temporaryDirectory(), 'busy');

  constructor(config: string, form: 'asynchronous' | 'synchronous') {
    this.config = config;
    this.temporary = ['00', '01', '02'].map((byte) => `${dirname(config)}/.c.toml.zjj-${byte.repeat(8)}.tmp`);
    mkdirSync(dirname(config), { recursive: true });
    const set = form === 'asynchronous' ? 'setConfigValue' : 'setConfigValueSync';
    const script = withPackage(`
      let round = 0;
      // The store names temporary files with randomBytes().
      require('node:crypto').randomBytes = (size) => Buffer.alloc(size, round++ % 3);
      const countDescriptors = () => require('node:fs').readdirSync('/proc/self/fd').length;
      const fs = require('node:fs');
      const busy = ${JSON.stringify(this.#busy)};
      const turn = () => new Promise(setImmediate);
      let held;
      let waiting;
      const startThread = () => {
        fs.writeFileSync(busy, '');
        if (!fs.existsSync(busy + '.link')) fs.linkSync(busy, busy + '.link');
        held = zjj.lockSync(busy);
        waiting = zjj.lock(busy + '.link');
      };
      const answer = async (key, value) => {
        if (held !== undefined) {
          held.release();
          held = undefined;
          (await waiting).release();
          for (let turns = 0; turns < 2; turns++) await turn();
        }
        const before = countDescriptors();
        const answer = {};
        try {
          await zjj.${set}(${JSON.stringify(config)}, key, value, { timeout: ${HANG_TIMEOUT_MS} });
        } catch (error) {
          answer.code = error.code ?? error.name;
          answer.isZjjError = error instanceof zjj.ZjjError;
          answer.message = error.message;
          answer.cause = error.cause?.code;
        }
        // The lock file stays open until the next turn of the event loop.
        for (let turns = 0; turns < 2; turns++) await turn();
        console.log(JSON.stringify({ ...answer, leaked: countDescriptors() - before }));
      };
      for await (const line of require('node:readline').createInterface({ input: process.stdin })) {
        if (line === 'thread') startThread();
        else await answer(...JSON.parse(line));
      }`);
    this.#child = Child.node(script);
  }

  get pid(): number {
    return this.#child.pid;
  }

  /**
   * Starts the thread that will commit the next `set`, if that comes soon: it waits for a lock until then.
   *
   * @returns Its ID.
   */
  async startThread(): Promise<number> {
    await waitForNoWaitThread(this.pid);
    this.#child.write('thread');
    await waitUntilBlocked(this.pid);
    return waitThreads(this.pid)[0] as number;
  }

  async set(key: string, value: number): Promise<Answer> {
    this.#child.write(JSON.stringify([key, value]));
    return JSON.parse(await this.#child.line());
  }

  /** The text of its config; undefined if there is no config. */
  get text(): string | undefined {
    return statSync(this.config, { throwIfNoEntry: false }) && readFileSync(this.config, 'utf8');
  }

  /** The temporary files beside its config. */
  get litter(): string[] {
    if (statSync(dirname(this.config), { throwIfNoEntry: false }) === undefined) return [];
    return readdirSync(dirname(this.config)).filter((name) => name.endsWith('.tmp'));
  }

  /** Whether the lock is held, according to /proc/locks. This does not touch the lock file. */
  get isLocked(): boolean {
    const lockFile = statSync(`${this.config}.lock`, { throwIfNoEntry: false });
    return lockFile !== undefined && readFileSync('/proc/locks', 'latin1').includes(`:${lockFile.ino} `);
  }
}
