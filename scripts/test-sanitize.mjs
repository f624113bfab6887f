// `npm run test:sanitize`: native/ under AddressSanitizer with UndefinedBehaviorSanitizer and LeakSanitizer, under
// ThreadSanitizer and under valgrind, and the addon in Node.js under the sanitizers. Linux only. Fails on any finding.
//
// Not Node.js under valgrind: it takes ten seconds to start there, and these tests start it a hundred times.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const stage = join(root, 'build', 'sanitize');
const tests = [
  'platform_test',
  'lock_record_test',
  'file_lock_test',
  'file_commit_test',
  'wait_thread_test',
  'lock_table_test',
];
const debug = '-g -O1 -fno-omit-frame-pointer';
const memory = `${debug} -fsanitize=address,undefined -fno-sanitize-recover=all`;
const races = `${debug} -fsanitize=thread`;
/** Tests of the addon that start workers, and children that load it from dist/. */
const nodeTests = ['test/native/addon.test.ts', 'test/lock/worker-threads.test.ts'];
const failed = [];

const missing = ['g++', 'cmake', 'make', 'nm', 'valgrind'].filter(
  (name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).error !== undefined,
);
if (missing.length > 0) {
  console.error(`Not installed: ${missing.join(', ')} (apt-get install binutils cmake g++ make valgrind)`);
  process.exit(1);
}
// With the many bits of randomness that some kernels put into addresses, ThreadSanitizer may not find its own place.
const fixedAddresses = spawnSync('setarch', ['-R', 'true']).status === 0 ? ['setarch', '-R'] : [];

part('AddressSanitizer, UndefinedBehaviorSanitizer, LeakSanitizer', () => {
  const folder = buildTests('address', memory);
  const env = { ASAN_OPTIONS: 'detect_leaks=1:detect_stack_use_after_return=1', UBSAN_OPTIONS: 'print_stacktrace=1' };
  for (const test of tests) run([...fixedAddresses, join(folder, test)], env);
});
part('ThreadSanitizer', () => {
  const folder = buildTests('thread', races);
  for (const test of tests) run([...fixedAddresses, join(folder, test)], { TSAN_OPTIONS: 'second_deadlock_stack=1' });
});
part('valgrind', () => {
  const folder = buildTests('plain', debug);
  const memcheck = ['valgrind', '--quiet', '--leak-check=full', '--error-exitcode=99', '--fair-sched=try'];
  for (const test of tests) run([...memcheck, join(folder, test)]);
});
part('Node.js with AddressSanitizer, UndefinedBehaviorSanitizer', () => {
  testInNode('node-address', memory, {
    library: 'libasan.so',
    symbol: '__asan_',
    files: [...nodeTests, 'test/lock/waiter-ends.test.ts'],
    // Node.js leaves memory to the end of the process.
    env: (log) => ({
      ASAN_OPTIONS: `detect_leaks=0:log_path=${log}`,
      UBSAN_OPTIONS: `print_stacktrace=1:log_path=${log}`,
    }),
  });
});
part('Node.js with ThreadSanitizer', () => {
  testInNode('node-thread', races, {
    library: 'libtsan.so',
    symbol: '__tsan_',
    files: nodeTests,
    env: (log) => ({ TSAN_OPTIONS: `exitcode=0:log_path=${log}` }),
  });
});

if (failed.length > 0) {
  console.error(`\nfailed: ${failed.join(', ')}`);
  process.exitCode = 1;
}

function part(name, body) {
  const start = performance.now();
  let result = 'no finding';
  try {
    body();
  } catch (error) {
    console.error(error.message);
    failed.push(name);
    result = 'FAILED';
  }
  console.log(`- ${name}: ${result} (${((performance.now() - start) / 1000).toFixed(0)} s)`);
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

/** Throws with all that the command wrote unless it ended with 0. */
function expectSuccess({ command, status, signal, error, stdout, stderr }) {
  if (status !== 0) throw new Error(`${stdout}${stderr}${command}: ${error?.message ?? signal ?? status}`);
}

/** What it wrote to its standard output. */
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

/** Runs Vitest with an addon that has a sanitizer. */
function testInNode(name, flags, { library, symbol, files, env }) {
  run([process.execPath, 'scripts/build.mjs']);
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
    // The runtime must be there before all else.
    LD_PRELOAD: run(['g++', `-print-file-name=${library}`]).trim(),
    // Where node-gyp-build looks instead of in the package.
    ZJJ_PREBUILD: folder,
    ZJJ_ADDON_REPORT: loaded,
    NODE_OPTIONS: `--require=${JSON.stringify(join(root, 'test', 'native', 'report-addon.cjs'))}`,
    ...env(join(reports, 'report')),
  });
  // A test may not notice how its child ended. What does not name the addon is about other addons, or Node.js, which
  // have no sanitizer: theirs of races are not to be trusted.
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
