import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readConfig } from '../../../src/index.js';
import { dist } from '../../support/package/dist.js';
import { Child } from '../../support/process/child.js';
import { rounds } from '../../support/run/rounds.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const script = join(__dirname, '..', '..', 'support', 'process', 'mixed-calls.cjs');

const asWorker = `
  const { Worker } = require('node:worker_threads');
  const [script, ...workerData] = process.argv.slice(1);
  const worker = new Worker(script, { workerData });
  worker.on('message', (made) => console.log(JSON.stringify(made)));
  worker.on('exit', (code) => (process.exitCode = code));`;

test('mixed calls of processes and a worker lose nothing and refuse nothing, not even when the process exits', async () => {
  const directory = temporaryDirectory();
  symlinkSync('.', join(directory, 'link'));
  for (let config = 0; config < 3; config++) symlinkSync(`c${config}.toml`, join(directory, `file-c${config}.toml`));
  const calls = String(rounds(700));
  const start = (name: string, seed: number, ...before: string[]) => ({
    name,
    child: Child.node([...before, script, dist, directory, name, calls, String(seed)]),
  });
  const writers = [start('a', 1), start('b', 2), start('c', 3, '-e', asWorker)];
  const made: Record<string, number[]> = {};
  for (const { name, child } of writers) {
    made[name] = JSON.parse(await child.line());
    expect([await child.exit(), child.stderr]).toEqual([0, '']);
  }
  for (let config = 0; config < 3; config++) {
    const { counts } = await readConfig(join(directory, `c${config}.toml`));
    expect(counts).toEqual({ a: made['a']?.[config], b: made['b']?.[config], c: made['c']?.[config] });
  }
});
