// Runs the tests of the lock, and those of the store that can be, on each runtime of tools/runtimes and, on the first, in
// worker threads as well: `npm run test:runtimes [-- NAME…]`, all of them without a name. Needs Linux on x64 with glibc, as those runtimes do.
// docs/runtimes.md says what comes of it.

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chosenNames } from './chosen-names.mjs';
import { installTools, pinnedTools } from './pinned-tools.mjs';

const TESTS = [
  'test/lock',
  'test/config/file/replaced-file.test.ts',
  'test/config/store.test.ts',
  'test/native/addon.test.ts',
  'test/entry-points.test.ts',
  'test/runtime.test.ts',
];

// `name` is that of process.versions; `package` is in tools/runtimes.
const RUNTIMES = {
  'node-20': { name: 'node', package: 'node-20', command: ['bin/node'] },
  'node-20-threads': { name: 'node', package: 'node-20', command: ['bin/node'], inThreads: true },
  'node-22': { name: 'node', package: 'node-22', command: ['bin/node'] },
  'node-24': { name: 'node', package: 'node-24', command: ['bin/node'] },
  'node-26': { name: 'node', package: 'node-26', command: ['bin/node'] },
  bun: { name: 'bun', package: '@oven/bun-linux-x64', command: ['bin/bun'] },
  deno: { name: 'deno', package: '@deno/linux-x64-glibc', command: ['deno', 'run', '-A'] },
  // Too old for vitest.
  'node-20-lowest': { name: 'node', package: 'node-20-lowest', command: ['bin/node'], isLowest: true },
};

/** Far above what the tests take: a runtime that hangs is to fail, not to hang this. */
const LONGEST_MS = 10 * 60_000;

const root = join(import.meta.dirname, '..');
const tools = join(root, 'tools/runtimes');
const pinned = pinnedTools(root, 'runtimes');

const names = chosenNames(process.argv.slice(2), RUNTIMES, 'runtime');
installTools(root, 'runtimes');
execFileSync(process.execPath, ['scripts/build.mjs'], { cwd: root, stdio: 'inherit' });
for (const name of names) {
  if (!test(RUNTIMES[name])) process.exitCode = 1;
}

/** Prints one line, and the output before it where something failed. False then. */
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
      // By ZJJ_RUNTIME the tests see to it that they run where they are meant to (test/support/run/expected-runtime.ts).
      env: { ...process.env, ZJJ_RUNTIME: title, NO_COLOR: '1', DENO_NO_UPDATE_CHECK: '1' },
      maxBuffer: 2 ** 28,
      timeout: LONGEST_MS,
      killSignal: 'SIGKILL',
    },
  );
  const seconds = Math.round((performance.now() - start) / 1000);
  const { passed, failed, skipped } = runtime.isLowest ? countTap(run.stdout) : countReport(report);
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
  // One file after the other in threads: some tests count the descriptors and threads of the process.
  const pool = inThreads ? ['--pool=threads', '--no-file-parallelism'] : ['--pool=forks'];
  return ['node_modules/vitest/vitest.mjs', 'run', ...pool, ...reporters, ...TESTS];
}

function nodeTest() {
  return ['--test-reporter=tap', 'test/integration/lowest-node.mjs'];
}

function countReport(report) {
  if (!existsSync(report)) return { passed: 0, failed: 1, skipped: 0 };
  const counts = JSON.parse(readFileSync(report, 'utf8'));
  return {
    passed: counts.numPassedTests,
    // A file that does not load has no tests to count, but has failed.
    failed: Math.max(counts.numFailedTests, counts.numFailedTestSuites > 0 ? 1 : 0),
    skipped: counts.numPendingTests + counts.numTodoTests,
  };
}

function countTap(output) {
  const count = (name) => Number(new RegExp(`^# ${name} (\\d+)$`, 'm').exec(output)?.[1] ?? 0);
  return { passed: count('pass'), failed: count('fail') + count('cancelled'), skipped: count('skipped') };
}
