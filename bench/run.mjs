// Runs the benchmarks: `npm run bench [-- lock|store] [--quick] [DIRECTORY]`. Without a name it runs both. README.md
// explains the figures. The output also goes to results/, with a plot.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { plot } from './plot.mjs';

const SUBJECTS = {
  lock: {
    title: 'The lock: latest results',
    picture: 'File locks for Node.js, side by side',
    bench: async (...args) => (await import('./lock/run.mjs')).benchLock(...args),
  },
  store: {
    title: 'The store: latest results',
    picture: 'Config stores for Node.js, side by side',
    bench: async (...args) => (await import('./store/run.mjs')).benchStore(...args),
  },
};

const { values, positionals } = parseArgs({
  options: { quick: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const named = positionals.filter((name) => name in SUBJECTS);
const [directory = tmpdir()] = positionals.filter((name) => !(name in SUBJECTS));
const subjects = named.length > 0 ? named : Object.keys(SUBJECTS);
installPeers();
for (const subject of subjects) await run(subject);

async function run(subject) {
  const { title, picture, bench } = SUBJECTS[subject];
  const { text, charts } = await bench(directory, values.quick);
  console.log(text);
  const results = join(import.meta.dirname, 'results');
  mkdirSync(results, { recursive: true });
  writeFileSync(join(results, `${subject}.md`), `# ${title}\n\n${text}`);
  writeFileSync(join(results, `${subject}.svg`), plot(picture, charts));
}

/** Installs the libraries that zjj is compared with. npm compiles two of them. */
function installPeers() {
  if (existsSync(join(import.meta.dirname, 'node_modules', 'conf'))) return;
  execFileSync('npm', ['ci', '--prefix', import.meta.dirname], { stdio: 'inherit' });
}
