import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'vitest';
import { npm, type Outcome, run } from '../process/run-command.js';
import { oncePerRun } from '../run/once-per-run.js';
import { root } from './dist.js';

/** The tarball that `npm publish` would upload. It contains the build that `pretest` made. */
export function packTarball(): string {
  const directory = oncePerRun('tarball', (directory) => {
    const { status, stderr } = run(
      [...npm, 'pack', '--ignore-scripts', '--silent', '--pack-destination', directory],
      root,
    );
    if (status !== 0) throw new Error(stderr);
  });
  const [name] = readdirSync(directory);
  if (name === undefined) throw new Error('npm pack wrote no tarball');
  return join(directory, name);
}

/** Makes a project without dependencies that contains the programs of test/package/user/. */
export function makeProject(directory: string): void {
  cpSync(join(root, 'test/package/user'), directory, { recursive: true });
  writeFileSync(join(directory, 'package.json'), JSON.stringify({ name: 'user', version: '1.0.0', private: true }));
}

const NO_NETWORK = /\b(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ENOTCACHED)\b/;

/**
 * A project with the tarball installed by npm, and the result of that installation. All test files share the project,
 * so a test must not change it. Skips the test if no registry can be reached; fails it in CI.
 */
export function npmProject(context: TestContext): { directory: string; outcome: Outcome } {
  const shared = oncePerRun('npm', (shared) => {
    const directory = join(shared, 'project');
    mkdirSync(directory);
    makeProject(directory);
    const outcome = run([...npm, 'install', packTarball()], directory);
    writeFileSync(join(shared, 'outcome.json'), JSON.stringify(outcome));
  });
  const outcome: Outcome = JSON.parse(readFileSync(join(shared, 'outcome.json'), 'utf8'));
  if (outcome.status !== 0) {
    const [reason] = NO_NETWORK.exec(outcome.stderr) ?? [];
    if (reason === undefined || process.env['CI']) throw new Error(outcome.stderr);
    context.skip(`no registry can be reached: ${reason}`);
  }
  return { directory: join(shared, 'project'), outcome };
}
