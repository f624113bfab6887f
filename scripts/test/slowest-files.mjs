// A reporter for vitest. At the end of a run it prints the slowest test files with their seconds. At the end of `npm
// test` it also names the commands that run the other tests.

import { readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

const SHOWN = 10;
const root = join(import.meta.dirname, '../..');

export default class SlowestFiles {
  onTestRunEnd(modules) {
    const files = modules
      .map((module) => ({
        name: relative(root, module.moduleId).replaceAll(sep, '/'),
        seconds: module.diagnostic().duration / 1000,
      }))
      .sort((a, b) => b.seconds - a.seconds);
    console.log(`Slowest files of ${files.length}:`);
    for (const { name, seconds } of files.slice(0, SHOWN)) {
      console.log(`${seconds.toFixed(1).padStart(8)} s  ${name}`);
    }
    if (process.env.npm_lifecycle_event === 'test') console.log(`Not run here: ${otherCommands().join(', ')}`);
  }
}

/** The commands of package.json that run tests which `npm test` does not. */
function otherCommands() {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return Object.keys(scripts)
    .filter((name) => name.startsWith('test:'))
    .map((name) => `npm run ${name}`);
}
