// The benchmarks: `npm run bench [-- lock|store] [--quick] [DIRECTORY]`, both without a name. README.md says how to read
// them. What they print is also written to results/, with a plot.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { plot } from './plot.mjs';

const { values, positionals } = parseArgs({
  options: { quick: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const subjects = ['lock', 'store'].filter((name) => positionals.includes(name));
const [directory = tmpdir()] = positionals.filter((name) => !subjects.includes(name));
if (subjects.length !== 1 || subjects[0] === 'lock') await runLock();
if (subjects.length !== 1 || subjects[0] === 'store') {
  const { benchStore } = await import('./store/sequential-sets.mjs');
  await benchStore(directory);
}

async function runLock() {
  // The peers, which nothing else needs; two of them are compiled.
  if (!existsSync(join(import.meta.dirname, 'node_modules'))) {
    execFileSync('npm', ['ci', '--prefix', import.meta.dirname], { stdio: 'inherit' });
  }
  const { benchLock } = await import('./lock/run.mjs');
  const { text, charts } = await benchLock(directory, values.quick);
  console.log(text);
  const results = join(import.meta.dirname, 'results');
  mkdirSync(results, { recursive: true });
  writeFileSync(join(results, 'lock.md'), `# The lock, as measured last\n\n${text}`);
  writeFileSync(join(results, 'lock.svg'), plot('File locks for Node.js, side by side', charts));
}
