import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { test } from 'vitest';
import { root } from '../support/package/dist.js';
import { requires } from '../support/requires/requires.js';
import { runtime } from '../support/run/runtime.js';

// The programs that test native/ without Node.js. `npm run test:sanitize` runs them under sanitizers.

const run = promisify(execFile);
const folder = join(root, 'build', 'native-tests');
const programs = readdirSync(__dirname, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('_test.cc'))
  .map((file) => basename(file, '.cc'));

/** In milliseconds. Compiling takes half a minute, and much longer on a busy machine. */
const TIMEOUT = 900_000;

let built: Promise<void> | undefined;

async function build(): Promise<void> {
  const env = { ...process.env, CMAKE_GENERATOR: 'Unix Makefiles' };
  await run('cmake', ['-S', __dirname, '-B', folder, '-DCMAKE_BUILD_TYPE=None'], { env });
  await run('cmake', ['--build', folder, '--parallel', '2'], { env });
}

test.for(programs)('%s', { timeout: TIMEOUT }, async (program, context) => {
  if (process.platform !== 'linux') context.skip('the programs read /proc');
  if (runtime !== 'node') context.skip('the programs do not depend on the runtime');
  requires(context, ['cmake', 'make', 'c++']);
  built ??= build();
  await built;
  // Rejects with the check that failed.
  await run(join(folder, program));
});
