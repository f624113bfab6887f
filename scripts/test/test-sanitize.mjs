// `npm run test:sanitize [-- NAME…]` runs native/ under AddressSanitizer with UndefinedBehaviorSanitizer and
// LeakSanitizer, under ThreadSanitizer and under valgrind, and the addon in Node.js under the sanitizers. Without a
// name it runs all of these. Any finding fails the run. Linux only.
//
// Node.js does not run under valgrind: it takes ten seconds to start there, and these tests start it a hundred times.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { chosenNames } from '../tools/chosen-names.mjs';

const root = join(import.meta.dirname, '../..');
const stage = join(root, 'build', 'sanitize');
const tests = [
  'platform_test',
  'lock_record_test',
  'file_attributes_test',
  'file_content_test',
  'file_lock_test',
  'file_commit_test',
  'path_races_test',
  'wait_thread_test',
  'lock_table_test',
];
const debug = '-g -O1 -fno-omit-frame-pointer';
const memory = `${debug} -fsanitize=address,undefined -fno-sanitize-recover=all`;
const races = `${debug} -fsanitize=thread`;
/** Tests that start workers, and children that load the addon through dist/. */
const nodeTests = ['test/native/addon.test.ts', 'test/lock/worker-threads.test.ts'];

const PARTS = {
  address: { title: 'AddressSanitizer, UndefinedBehaviorSanitizer, LeakSanitizer', run: testAddresses },
  thread: { title: 'ThreadSanitizer', run: testThreads },
  valgrind: { title: 'valgrind', run: testInValgrind },
  'node-address': { title: 'Node.js with AddressSanitizer, UndefinedBehaviorSanitizer', run: testAddressesInNode },
  'node-thread': { title: 'Node.js with ThreadSanitizer', run: testThreadsInNode },
};

const names = chosenNames(process.argv.slice(2), PARTS, 'part');
const missing = ['g++', 'cmake', 'make', 'nm', 'valgrind'].filter(
  (name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).error !== undefined,
);
if (missing.length > 0) {
  console.error(`Not installed: ${missing.join(', ')} (apt-get install binutils cmake g++ make valgrind)`);
  process.exit(1);
}
// Some kernels randomize so many bits of an address that ThreadSanitizer cannot place its own memory.
const fixedAddresses = spawnSync('setarch', ['-R', 'true']).status === 0 ? ['setarch', '-R'] : [];

const failed = names.filter((name) => !runPart(PARTS[name]));
if (failed.length > 0) {
  console.error(`\nfailed: ${failed.join(', ')}`);
  process.exitCode = 1;
}

/** Runs one part and prints a line about it. False if it failed. */
function runPart({ title, run }) {
  const start = performance.now();
  let result = 'no finding';
  try {
    run();
  } catch (error) {
    console.error(error.message);
    result = 'FAILED';
  }
  console.log(`- ${title}: ${result} (${((performance.now() - start) / 1000).toFixed(0)} s)`);
  return result !== 'FAILED';
}

function testAddresses() {
  const folder = buildTests('address', memory);
  const env = { ASAN_OPTIONS: 'detect_leaks=1:detect_stack_use_after_return=1', UBSAN_OPTIONS: 'print_stacktrace=1' };
  for (const test of tests) run([...fixedAddresses, join(folder, test)], env);
}

function testThreads() {
  const folder = buildTests('thread', races);
  for (const test of tests) run([...fixedAddresses, join(folder, test)], { TSAN_OPTIONS: 'second_deadlock_stack=1' });
}

function testInValgrind() {
  const folder = buildTests('plain', debug);
  const memcheck = ['valgrind', '--quiet', '--leak-check=full', '--error-exitcode=99', '--fair-sched=try'];
  for (const test of tests) run([...memcheck, join(folder, test)]);
}

function testAddressesInNode() {
  testInNode('node-address', memory, {
    library: 'libasan.so',
    symbol: '__asan_',
    files: [...nodeTests, 'test/lock/waiter-ends.test.ts'],
    // Node.js does not free all of its memory before it exits.
    env: (log) => ({
      ASAN_OPTIONS: `detect_leaks=0:log_path=${log}`,
      UBSAN_OPTIONS: `print_stacktrace=1:log_path=${log}`,
    }),
  });
}

function testThreadsInNode() {
  testInNode('node-thread', races, {
    library: 'libtsan.so',
    symbol: '__tsan_',
    files: nodeTests,
    env: (log) => ({ TSAN_OPTIONS: `exitcode=0:log_path=${log}` }),
  });
}

function start([command, ...args], env = {}) {
  const result = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, ...env },
    maxBuffer: 2 ** 28,
    timeout: 300_000,
    killSignal: 'SIGKILL',
  });
  return { ...result, command: [command, ...args].join(' ') };
}

/** Throws an error with the command's output unless its status is 0. */
function expectSuccess({ command, status, signal, error, stdout, stderr }) {
  if (status !== 0) throw new Error(`${stdout}${stderr}${command}: ${error?.message ?? signal ?? status}`);
}

/** Returns the command's standard output. Throws if it fails. */
function run(command, env) {
  const result = start(command, env);
  expectSuccess(result);
  return result.stdout;
}

function build(source, folder, flags, settings = []) {
  const setting = { CXX: 'g++', CXXFLAGS: flags, LDFLAGS: '', CMAKE_GENERATOR: 'Unix Makefiles' };
  run(['cmake', '-S', source, '-B', folder, '-DCMAKE_BUILD_TYPE=None', ...settings], setting);
  run(['cmake', '--build', folder, '--parallel', '2']);
  return folder;
}

function buildTests(name, flags) {
  return build(join(root, 'test', 'native'), join(stage, name), flags);
}

/** Builds the addon with a sanitizer, and runs Vitest with it. */
function testInNode(name, flags, { library, symbol, files, env }) {
  run([process.execPath, 'scripts/build/build.mjs']);
  const folder = join(stage, name);
  rmSync(folder, { recursive: true, force: true });
  const release = join(folder, 'build', 'Release');
  build(root, join(folder, 'cmake'), flags, [`-DCMAKE_LIBRARY_OUTPUT_DIRECTORY=${release}`]);
  const addon = join(release, 'zjj.node');
  if (!run(['nm', '-D', addon]).includes(symbol)) throw new Error(`${addon} has no sanitizer`);
  const reports = join(folder, 'reports');
  mkdirSync(reports);
  const loaded = join(folder, 'loaded');
  const vitest = [process.execPath, join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', '--maxWorkers=2'];
  const result = start([...fixedAddresses, ...vitest, ...files], {
    // The sanitizer's runtime has to be loaded first.
    LD_PRELOAD: run(['g++', `-print-file-name=${library}`]).trim(),
    // node-gyp-build looks here instead of in the package.
    ZJJ_PREBUILD: folder,
    ZJJ_ADDON_REPORT: loaded,
    NODE_OPTIONS: `--require=${JSON.stringify(join(root, 'test', 'native', 'report-addon.cjs'))}`,
    ...env(join(reports, 'report')),
  });
  // Read the reports: a test may ignore how its child ended. A race report that does not name the addon is about
  // Node.js or another addon. Those have no sanitizer, so such a report cannot be trusted.
  const findings = readdirSync(reports)
    .flatMap((file) => readFileSync(join(reports, file), 'utf8').split('='.repeat(18)))
    .filter((report) => report.includes('zjj.node') || (symbol !== '__tsan_' && report.trim() !== ''));
  if (findings.length > 0) throw new Error(findings.join('\n'));
  expectSuccess(result);
  const addons = existsSync(loaded) ? readFileSync(loaded, 'utf8').trim().split('\n') : [];
  if (addons.length < 40 || addons.some((file) => file !== addon)) {
    throw new Error(`${addons.length} processes and workers loaded: ${[...new Set(addons)].join(', ')}`);
  }
}
