import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { root } from '../support/package/dist.js';
import { npmProject, packTarball } from '../support/package/packed.js';
import { environment, npm, run } from '../support/process/run-command.js';
import { ScriptShell } from '../support/process/script-shell.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

// npm compiles a package with a binding.gyp at its root unless its package.json says `"gypfile": false`. Each test
// first checks that npm would compile without that.

/** Makes a clone with the files that npm looks at. */
function makeClone(gypfile: false | undefined): string {
  const directory = join(temporaryDirectory(), 'zjj');
  mkdirSync(directory);
  for (const file of ['binding.gyp', 'package-lock.json', 'README.md', 'dist']) {
    cpSync(join(root, file), join(directory, file), { recursive: true });
  }
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  expect(manifest.gypfile).toBe(false);
  writeFileSync(join(directory, 'package.json'), JSON.stringify({ ...manifest, gypfile }));
  return directory;
}

describe.skipIf(process.platform === 'win32')('npm runs nothing', () => {
  /** Runs npm. Returns the scripts that it ran, then its warnings, such as about scripts that it blocked. */
  function runNpm(args: readonly string[], cwd: string): string {
    const shell = new ScriptShell();
    const { status, stderr } = run([...npm, ...args, '--prefer-offline'], cwd, shell.env);
    expect(status, stderr).toBe(0);
    return [...shell.scripts, stderr].join('\n').trim();
  }

  test.for([['install', '--omit=dev'], ['ci', '--omit=dev'], ['rebuild']])('in a clone: npm %s', (args, context) => {
    npmProject(context);
    expect(runNpm(args, makeClone(undefined))).toBe('node-gyp rebuild');
    expect(runNpm(args, makeClone(false))).toBe('');
  });

  test('in a project that links to a clone', (context) => {
    npmProject(context);
    const runInProject = (gypfile: false | undefined) => {
      const project = temporaryDirectory();
      const install = runNpm(['install', makeClone(gypfile)], project);
      return [install, runNpm(['ci'], project), runNpm(['rebuild'], project)];
    };
    // npm 12 blocks the script and warns about it.
    const compiles = expect.stringMatching(/node-gyp rebuild|install scripts/);
    expect(runInProject(undefined)).toEqual([compiles, compiles, compiles]);
    expect(runInProject(false)).toEqual(['', '', '']);
  });
});

test('npm publish sends the registry no install script', async () => {
  expect((await publish(makeClone(undefined))).scripts).toMatchObject({ install: 'node-gyp rebuild' });
  for (const source of [makeClone(false), packTarball()]) {
    const { scripts, gypfile } = await publish(source);
    expect(scripts).toHaveProperty('prepack');
    expect(scripts).not.toHaveProperty('install');
    expect(gypfile).toBe(false);
  }
});

/**
 * Publishes a folder or a tarball to a local registry. Returns the package.json that npm sends, which npm may change.
 */
async function publish(source: string): Promise<{ scripts: Record<string, string>; gypfile?: boolean }> {
  const bodies: string[] = [];
  const registry = createServer(async (request, response) => {
    let body = '';
    for await (const part of request.setEncoding('utf8')) body += part;
    if (request.method === 'PUT') bodies.push(body);
    response.writeHead(request.method === 'PUT' ? 201 : 404, { 'content-type': 'application/json' }).end('{}');
  }).listen(0, '127.0.0.1');
  onTestFinished(() => {
    registry.close();
  });
  await once(registry, 'listening');
  const address = `//127.0.0.1:${(registry.address() as AddressInfo).port}/`;
  const [program = '', ...args] = [...npm, 'publish', source, '--ignore-scripts', '--registry', `http:${address}`];
  await promisify(execFile)(program, args, {
    cwd: temporaryDirectory(),
    env: { ...environment(), [`npm_config_${address}:_authToken`]: 'none' },
  });
  const [version] = Object.values<never>(JSON.parse(bodies[0] ?? '').versions);
  if (version === undefined) throw new Error('nothing was published');
  return version;
}
