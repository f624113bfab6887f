// `npm run test:runtimes [-- NAME…]` runs the tests in lock-tests.mjs on each runtime of tools/runtimes, all of them
// without a name. On Node.js 20 it also runs them in worker threads. The runtimes are built for Linux on x64 with
// glibc. docs/runtimes.md has the results.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chosenNames } from '../tools/chosen-names.mjs';
import { installTools, pinnedTools } from '../tools/pinned-tools.mjs';
import { LOCK_TESTS } from './lock-tests.mjs';
import { readCounts } from './read-counts.mjs';

// `name` is a key of process.versions; `package` is pinned in tools/runtimes.
const RUNTIMES = {
  'node-20': { name: 'node', package: 'node-20', command: ['bin/node'] },
  'node-20-threads': { name: 'node', package: 'node-20', command: ['bin/node'], inThreads: true },
  'node-22': { name: 'node', package: 'node-22', command: ['bin/node'] },
  'node-24': { name: 'node', package: 'node-24', command: ['bin/node'] },
  'node-26': { name: 'node', package: 'node-26', command: ['bin/node'] },
  bun: { name: 'bun', package: '@oven/bun-linux-x64', command: ['bin/bun'] },
  deno: { name: 'deno', package: '@deno/linux-x64-glibc', command: ['deno', 'run', '-A'] },
  // vitest needs a newer Node.js.
  'node-20-lowest': { name: 'node', package: 'node-20-lowest', command: ['bin/node'], isLowest: true },
};

/** Kills a runtime that hangs. The tests take far less. */
const LONGEST_MS = 10 * 60_000;

const root = join(import.meta.dirname, '../..');
const tools = join(root, 'tools/runtimes');
const pinned = pinnedTools(root, 'runtimes');

const names = chosenNames(process.argv.slice(2), RUNTIMES, 'runtime');
installTools(root, 'runtimes');
execFileSync(process.execPath, ['scripts/build/build.mjs'], { cwd: root, stdio: 'inherit' });
for (const name of names) {
  if (!test(RUNTIMES[name])) process.exitCode = 1;
}

/** Tests one runtime. Prints its output if it failed, then a line of totals. False if it failed. */
function test(runtime) {
  const [program, ...options] = runtime.command;
  const title = `${runtime.name} ${pinned[runtime.package]}${runtime.inThreads ? ' worker' : ''}`;
  const directory = mkdtempSync(join(tmpdir(), 'zjj-runtimes-'));
  const report = join(directory, 'report.json');
  const start = performance.now();
  const run = spawnSync(
    join(tools, 'node_modules', runtime.package, program),
    [...options, ...(runtime.isLowest ? nodeTest() : vitest(runtime.inThreads, report))],
    {
      cwd: root,
      encoding: 'utf8',
      // The tests fail if they run on another runtime (test/support/run/expected-runtime.ts).
      env: { ...process.env, ZJJ_RUNTIME: title, NO_COLOR: '1', DENO_NO_UPDATE_CHECK: '1' },
      maxBuffer: 2 ** 28,
      timeout: LONGEST_MS,
      killSignal: 'SIGKILL',
    },
  );
  const seconds = Math.round((performance.now() - start) / 1000);
  const { passed, failed, skipped } = runtime.isLowest ? countTap(run.stdout) : readCounts(report);
  rmSync(directory, { recursive: true });
  const isGood = run.status === 0 && failed === 0 && passed > 0;
  if (!isGood) console.log(`${run.stdout}${run.stderr}${run.error ?? ''}`);
  console.log(
    `${title}: ${passed} passed, ${failed} failed, ${skipped} skipped (${seconds} s)${isGood ? '' : ' FAILED'}`,
  );
  return isGood;
}

function vitest(inThreads, report) {
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  // In threads, one file at a time: some tests count the descriptors and threads of the process.
  const pool = inThreads ? ['--pool=threads', '--no-file-parallelism'] : ['--pool=forks'];
  return ['node_modules/vitest/vitest.mjs', 'run', ...pool, ...reporters, ...LOCK_TESTS];
}

function nodeTest() {
  return ['--test-reporter=tap', 'test/integration/lowest-node.mjs'];
}

function countTap(output) {
  const count = (name) => Number(new RegExp(`^# ${name} (\\d+)$`, 'm').exec(output)?.[1] ?? 0);
  return { passed: count('pass'), failed: count('fail') + count('cancelled'), skipped: count('skipped') };
}
