import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'vitest';
import { npm, type Outcome, run } from '../process/user.js';
import { oncePerRun } from '../run/once-per-run.js';
import { root } from './dist.js';

/** What `npm publish` would be given. The build in it is that of `pretest`. */
export function tarball(): string {
  const directory = oncePerRun('tarball', (directory) => {
    const { status, stderr } = run(
      [...npm, 'pack', '--ignore-scripts', '--silent', '--pack-destination', directory],
      root,
    );
    if (status !== 0) throw new Error(stderr);
  });
  const [name] = readdirSync(directory);
  if (name === undefined) throw new Error('npm pack made nothing');
  return join(directory, name);
}

/** A project that depends on nothing yet, with the programs of test/package/user/ in it. */
export function makeProject(directory: string): void {
  cpSync(join(root, 'test/package/user'), directory, { recursive: true });
  writeFileSync(join(directory, 'package.json'), JSON.stringify({ name: 'user', version: '1.0.0', private: true }));
}

const NO_NETWORK = /\b(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ENOTCACHED)\b/;

/**
 * A project that npm has installed the tarball in, and what npm said: for all to read, and for none to change. Skips a
 * test where no registry can be reached; fails it in CI.
 */
export function npmProject(context: TestContext): { directory: string; outcome: Outcome } {
  const shared = oncePerRun('npm', (shared) => {
    const directory = join(shared, 'project');
    mkdirSync(directory);
    makeProject(directory);
    const outcome = run([...npm, 'install', tarball()], directory);
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
