// `npm run test:rebuild [-- NAME…]`: builds the prebuilt binaries again, all of them without a name, and fails unless
// prebuilds/ keeps its bytes. On a difference it puts the old files back. It compares without git, which refuses a
// clone that another user owns.

import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listFiles } from '../tools/list-files.mjs';

const root = join(import.meta.dirname, '../..');
const saved = mkdtempSync(join(tmpdir(), 'zjj-rebuild-'));
try {
  cpSync(join(root, 'prebuilds'), join(saved, 'prebuilds'), { recursive: true });
  const prebuild = [join(import.meta.dirname, 'prebuild.mjs'), '--force', ...process.argv.slice(2)];
  const { status } = spawnSync(process.execPath, prebuild, { cwd: root, stdio: 'inherit' });
  const changed = findChanges();
  for (const file of changed) console.error(`${file}: the new build differs`);
  if (changed.length > 0) {
    rmSync(join(root, 'prebuilds'), { recursive: true });
    cpSync(join(saved, 'prebuilds'), join(root, 'prebuilds'), { recursive: true });
  }
  const isSame = status === 0 && changed.length === 0;
  console.log(isSame ? 'The new build has the same bytes' : 'FAILED: prebuilds/ is what it was before');
  process.exitCode = isSame ? 0 : 1;
} finally {
  rmSync(saved, { recursive: true });
}

/** The files of prebuilds/ that were added, removed or changed. */
function findChanges() {
  const files = new Set([saved, root].flatMap((base) => listFiles(base, ['prebuilds'])));
  return [...files].filter((file) => {
    const [before, after] = [saved, root].map((base) => join(base, file));
    return !existsSync(before) || !existsSync(after) || !readFileSync(before).equals(readFileSync(after));
  });
}
