import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeEach, describe, expect, test } from 'vitest';
import { CHECKS, VERIFIED } from '../../scripts/test/native-checks.mjs';
import { hashInputs } from '../../scripts/test/verify.mjs';
import { listFiles } from '../../scripts/tools/list-files.mjs';
import { root } from '../support/package/dist.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

// The first tests verify a small repository whose check is a real command. The last ones read the checks of this
// repository.

let repository: string;

beforeEach(() => {
  repository = temporaryDirectory();
  for (const folder of ['native', 'native/headers', 'tools', 'tools/node_modules']) mkdirSync(join(repository, folder));
  write('native/lock.cc', 'int a;\nint b;\n');
  write('tools/build.sh', 'true\n');
});

const write = (file: string, text: string) => writeFileSync(join(repository, file), text);
const hash = () => hashInputs(repository, ['native', 'tools']);
const node = (source: string) => [process.execPath, '-e', source];

const pass = node("console.log('ran full')");
const short = node("console.log('ran short')");

interface Commands {
  readonly full: readonly string[];
  readonly short?: readonly string[];
  readonly isForced?: boolean;
}

/** Verifies one check, `c`, in a new process. Returns its exit status, the number of failed checks, and its output. */
function verify(commands: Commands): { status: number | null; output: string } {
  const { isForced = false, ...check } = { short, inputs: ['native', 'tools'], covers: 'half', ...commands };
  const options = { root: repository, file: 'verified.json', checks: { c: check }, names: ['c'], isForced };
  const script = `
    import { verify } from ${JSON.stringify(pathToFileURL(join(root, 'scripts/test/verify.mjs')).href)};
    process.exitCode = verify(${JSON.stringify(options)}).length;`;
  const args = ['--input-type=module', '-e', script];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

const verified = () => {
  const file = join(repository, 'verified.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
};

describe('the hash of the inputs', () => {
  test.for<[string, () => void]>([
    ['a changed byte', () => write('native/lock.cc', 'int a;\nint c;\n')],
    ['a new file', () => write('native/table.cc', '')],
    ['a new file in a new folder', () => mkdirSync(join(repository, 'native/table')) ?? write('native/table/a.cc', '')],
    ['the same bytes under another name', () => write('native/loc.cc', 'int a;\nint b;\n')],
  ])('changes with %s', ([, change]) => {
    const before = hash();
    change();
    expect(hash()).not.toBe(before);
  });

  test.for<[string, () => void]>([
    ['CRLF line ends', () => write('native/lock.cc', 'int a;\r\nint b;\r\n')],
    ['a generated header', () => write('native/headers/node_api.h', '')],
    ['an installed package', () => write('tools/node_modules/index.js', '')],
    ['a file that is not an input', () => write('README.md', '')],
  ])('stays the same with %s', ([, change]) => {
    const before = hash();
    change();
    expect(hash()).toBe(before);
  });
});

test('a check runs in full until it passes, then in its short form until an input changes', () => {
  const first = verify({ full: pass });
  expect(first.status).toBe(0);
  expect(first.output).toContain('ran full');
  expect(first.output).toContain('npm run verify:native, and commit verified.json');
  expect(verified()).toEqual({ c: hash() });

  const second = verify({ full: pass });
  expect(second.status).toBe(0);
  expect(second.output).toContain('ran short');
  expect(second.output).not.toContain('ran full');
  expect(second.output).toContain(
    `c: sources are those last verified (hash ${hash().slice(0, 12)}): short form, half only; ` +
      'full: npm run verify:native -- --full c',
  );

  write('native/lock.cc', 'int a;\n');
  expect(verify({ full: pass }).output).toContain('ran full');
  expect(verified()).toEqual({ c: hash() });
});

test('a check whose full form fails also fails the run, and keeps the old hash', () => {
  expect(verify({ full: node('process.exit(1)') }).status).toBe(1);
  expect(verified()).toBeUndefined();
  verify({ full: pass });
  const before = verified();
  write('native/lock.cc', 'int a;\n');
  const { status, output } = verify({ full: node('process.exit(3)') });
  expect(status).toBe(1);
  expect(output).toContain('c: FAILED (exit status 3)');
  expect(verified()).toEqual(before);
});

test('a check whose program does not exist fails', () => {
  const { status, output } = verify({ full: ['no-such-program'] });
  expect(status).toBe(1);
  expect(output).toMatch(/c: FAILED \(.*ENOENT\)/);
  expect(verified()).toBeUndefined();
});

test('a check whose short form fails also fails the run, and keeps the hash', () => {
  verify({ full: pass });
  const before = verified();
  expect(verify({ full: pass, short: node('process.exit(1)') }).status).toBe(1);
  expect(verified()).toEqual(before);
});

test('a check whose inputs change while it runs fails and stores no hash', () => {
  const change = `require('node:fs').writeFileSync('native/lock.cc', 'changed')`;
  const { status, output } = verify({ full: node(change) });
  expect(status).toBe(1);
  expect(output).toContain('c: FAILED, its inputs changed during the run');
  expect(verified()).toBeUndefined();
});

test('--full runs a check in full even if its hash is current', () => {
  verify({ full: pass });
  expect(verify({ full: pass, isForced: true }).output).toContain('ran full');
});

test('a full run sets CI, so a missing tool fails it', () => {
  expect(verify({ full: node("process.exit(process.env.CI === 'true' ? 0 : 1)") }).status).toBe(0);
});

describe.each(Object.entries(CHECKS))('the check %s of this repository', (_, { inputs, full, short }) => {
  test('hashes exactly the files that git tracks or would add', (context) => {
    const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--', ...inputs];
    const { status, stdout } = spawnSync('git', args, { cwd: root, encoding: 'utf8' });
    if (status !== 0) context.skip('git is not installed, or refuses this clone');
    const tracked = [...new Set(stdout.split('\0'))].filter((file) => file !== '' && existsSync(join(root, file)));
    expect(listFiles(root, inputs)).toEqual(tracked.sort());
  });

  test('has the addon and its own script as inputs, but not the file that stores the hashes', () => {
    const files = listFiles(root, inputs);
    expect(files).toContain('package-lock.json');
    expect(files.some((file) => file.startsWith('native/'))).toBe(true);
    for (const command of [full, short]) expect(files).toContain(command[1]);
    expect(files).not.toContain(VERIFIED);
  });
});
