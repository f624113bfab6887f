// The store as the command offers it: each call is a process of its own, `zjj config`.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { ENDING_SIGNALS } from '../signals.mjs';

const MAIN = join(import.meta.dirname, '..', '..', '..', 'dist', 'cli', 'main.js');

/** Whether the command offers a kind of call. */
export function isForCommand(kind) {
  return kind === 'set' || kind === 'mark' || kind === 'pair';
}

export const command = {
  set: (path, key, value, options) => run(path, [`${key.join('.')}=${value}`], options),
  /** Runs a change that only sets. */
  update(path, change, options) {
    const assignments = [];
    change({ set: (key, value) => assignments.push(`${key.join('.')}=${value}`) });
    return run(path, assignments, options);
  },
};

async function run(path, assignments, { timeout }) {
  const limit = timeout === undefined ? [] : ['--timeout', `${timeout}ms`];
  const child = spawn(process.execPath, [MAIN, 'config', '--json', '--file', path, ...limit, 'set', ...assignments], {
    // The last one is the pipe that tells the round when this writer and all its children have ended.
    stdio: ['ignore', 'ignore', 'pipe', 2],
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (errors += text));
  const [code, signal] = await once(child, 'close');
  if (code === 0) return null;
  // Whether the write took effect is unknown.
  if (['SIGKILL', ...ENDING_SIGNALS].includes(signal) || code === 130 || code === 143) {
    throw Object.assign(new Error(`ended by ${signal ?? code}`), { code: 'INTERRUPTED' });
  }
  if (signal !== null) throw new Error(`zjj config was ended by ${signal}: ${errors}`);
  const { error } = JSON.parse(errors.trimEnd().split('\n').at(-1));
  const cause = /\bE[A-Z0-9]{3,}\b/.exec(error.message)?.[0];
  throw Object.assign(new Error(error.message), { code: error.code, cause: { code: cause } });
}
