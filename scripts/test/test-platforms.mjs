// `npm run test:platforms [-- NAME…]` runs the tests in lock-tests.mjs with the prebuilt binary of each platform that
// Linux on x64 can run or emulate, all of them without a name. docs/platforms.md has the results.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { buildSync } from 'esbuild';
import { PLATFORMS } from '../../tools/platforms/platforms.mjs';
import { SKIPPED } from '../../tools/platforms/skipped.mjs';
import { chosenNames } from '../tools/chosen-names.mjs';
import { installTools } from '../tools/pinned-tools.mjs';
import { HOST_TESTS, LOCK_TESTS } from './lock-tests.mjs';

/** The files in JavaScript, or the folder that has them. */
const TESTS = [...LOCK_TESTS, ...HOST_TESTS].map((path) => path.replace(/\.ts$/, '.js'));

/** Kills a test file that hangs. A file takes far less, even under emulation. */
const LONGEST_MS = 10 * 60_000;

const root = join(import.meta.dirname, '../..');
const tools = join(root, 'tools/platforms');

const names = chosenNames(process.argv.slice(2), PLATFORMS, 'platform');
// --force: npm would refuse packages for other processors and systems.
installTools(root, 'platforms', '--force');
execFileSync(process.execPath, ['scripts/build/build.mjs'], { cwd: root, stdio: 'inherit' });
const stage = mkdtempSync(join(tmpdir(), 'zjj-platforms-'));
try {
  stageTests();
  for (const name of names) {
    if (!(await test(name, PLATFORMS[name]))) process.exitCode = 1;
  }
} finally {
  rmSync(stage, { recursive: true });
}

/**
 * Copies the package as published, with its tests in JavaScript. Without a local build, only prebuilt binaries can
 * load.
 */
function stageTests() {
  // Some tests read the folder as another user.
  chmodSync(stage, 0o755);
  for (const part of ['dist', 'prebuilds', 'package.json', 'node_modules/node-gyp-build']) {
    cpSync(join(root, part), join(stage, part), { recursive: true });
  }
  const files = ['src', 'test'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true }).map((file) => join(folder, file)),
  );
  const isScript = (file) => file.endsWith('.ts');
  buildSync({
    absWorkingDir: root,
    entryPoints: files.filter(isScript),
    outdir: stage,
    outbase: root,
    format: 'cjs',
    platform: 'node',
    target: 'node20.4',
    // Files that these tests do not load may use import.meta.
    logOverride: { 'empty-import-meta': 'silent' },
  });
  for (const file of files.filter((name) => /\.(?:cjs|py)$/.test(name))) cpSync(join(root, file), join(stage, file));
  buildSync({
    entryPoints: [join(tools, 'vitest.mjs')],
    outfile: join(stage, 'node_modules/vitest/index.js'),
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20.4',
  });
}

/**
 * Tests one platform. Prints the skipped tests, each failure with its output, and a line of totals. False if it failed.
 */
async function test(name, platform) {
  const title = platform.emulator ? `${name} (${platform.emulator})` : name;
  const missing = Object.entries(platform.needs).filter(([file]) => !existsSync(file));
  if (missing.length > 0) {
    const packages = [...new Set(missing.map(([, debianPackage]) => debianPackage))];
    const outcome = process.env.CI ? 'FAILED' : 'skipped';
    console.log(`${title}: ${outcome}, its tools are not installed: apt-get install ${packages.join(' ')}`);
    return !process.env.CI;
  }
  const start = performance.now();
  const directory = join(stage, name);
  mkdirSync(directory);
  const prepared = platform.prepare(directory);
  const results = [];
  const files = testFiles();
  const testNext = async () => {
    for (let file = files.shift(); file !== undefined; file = files.shift()) {
      results.push(...(await testFile(file, platform, prepared, directory, SKIPPED[name] ?? [])));
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, testNext));
  const seconds = Math.round((performance.now() - start) / 1000);
  const count = (state) => results.filter((result) => result.isTest && result.state === state).length;
  // A suite fails whenever one of its tests does. It counts only if it has errors of its own.
  const failures = results.filter(
    ({ state, isTest, errors }) => !/pass|skip/.test(state) && (isTest || errors.length > 0),
  );
  listSkipped(results);
  for (const skip of (SKIPPED[name] ?? []).filter(
    (entry) => !results.some((result) => result.name.startsWith(entry.name)),
  )) {
    failures.push({ name: skip.name, errors: ['tools/platforms/skipped.mjs names this test, but it does not exist'] });
  }
  for (const failure of failures) console.log(`${title} FAILED ${failure.name}\n${failure.errors.join('\n')}`);
  console.log(
    `${title}: ${count('pass')} passed, ${failures.length} failed, ${count('skip')} skipped (${seconds} s)` +
      `${failures.length > 0 ? ' FAILED' : ''}`,
  );
  return failures.length === 0 && count('pass') > 0;
}

function testFiles() {
  return (
    readdirSync(join(stage, 'test'), { recursive: true })
      .map((file) => join('test', file))
      .filter((file) => file.endsWith('.test.js') && TESTS.some((path) => file === path || file.startsWith(`${path}/`)))
      // The longest files first, so that none runs alone at the end.
      .sort((a, b) => statSync(join(stage, b)).size - statSync(join(stage, a)).size)
  );
}

async function testFile(file, { runtime, binary }, { command, env, drive = '' }, directory, skips) {
  const report = join(directory, `${basename(file)}.json`);
  const output = join(directory, `${basename(file)}.txt`);
  const inStage = (path) => `${drive}${join(stage, path)}`;
  const settings = {
    root: inStage(''),
    file: inStage(file),
    setupFiles: [inStage('test/support/run/expected-runtime.js')],
    skips,
    timeout: LONGEST_MS / 4,
    report: `${drive}${report}`,
  };
  const descriptor = openSync(output, 'w');
  const [program, ...args] = command;
  const script = `require(${JSON.stringify(inStage('node_modules/vitest'))}).run(${JSON.stringify(settings)})`;
  const child = spawn(program, [...args, '-e', script], {
    cwd: stage,
    // The tests fail if they run on another runtime or binary (test/support/run/expected-runtime.ts).
    env: { ...process.env, NO_COLOR: '1', PREBUILDS_ONLY: '1', ZJJ_RUNTIME: runtime, ZJJ_BINARY: binary, ...env },
    // Programs under wine cannot write to a pipe of Linux, only to a file.
    stdio: ['ignore', descriptor, descriptor],
    timeout: LONGEST_MS,
    killSignal: 'SIGKILL',
  });
  closeSync(descriptor);
  const [status, signal] = await once(child, 'exit');
  const results = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : [];
  if (status === 0 && results.length > 0) return results;
  return [
    ...results,
    { name: file, errors: [`ended with ${signal ?? status} after writing:\n${readFileSync(output, 'utf8')}`] },
  ];
}

function listSkipped(results) {
  const skipped = results.filter(({ isTest, state }) => isTest && state === 'skip');
  for (const reason of new Set(skipped.map((result) => result.reason))) {
    console.log(`  skipped: ${reason ?? 'the name says why this platform does not run it'}`);
    for (const { name } of skipped.filter((result) => result.reason === reason)) console.log(`    ${name}`);
  }
}
