import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashFiles } from '../tools/hash-files.mjs';
import { listFiles } from '../tools/list-files.mjs';

/**
 * Runs checks in full if their inputs differ from those that last passed, and in a short form otherwise. A full run
 * that passes writes the hash of its inputs into `file`. Nothing else writes there.
 *
 * @param options.root - The folder that inputs and `file` are relative to, and in which commands run.
 * @param options.file - The JSON file that maps the name of a check to the hash of the inputs that last passed.
 * @param options.checks - The checks by name. `inputs` are files and folders. `full` and `short` are command lines, and
 * `covers` says in a word what the short form still tests.
 * @param options.names - The checks to run.
 * @param options.isForced - Whether to run them in full whatever the hashes say.
 * @returns The names of the checks that failed.
 */
export function verify({ root, file, checks, names, isForced }) {
  return names.filter((name) => {
    const check = checks[name];
    const hash = hashInputs(root, check.inputs);
    if (isForced || readVerified(root, file)[name] !== hash) return !runInFull(root, file, name, check, hash);
    console.log(
      `${name}: sources are those last verified (hash ${hash.slice(0, 12)}): short form, ${check.covers} only; ` +
        `full: npm run verify:native -- --full ${name}`,
    );
    return !run(root, name, check.short, process.env);
  });
}

/** The hash of every file that the repository tracks below `inputs`. */
export function hashInputs(root, inputs) {
  return hashFiles(root, listFiles(root, inputs));
}

function runInFull(root, file, name, check, hash) {
  console.log(`${name}: full form (hash ${hash.slice(0, 12)})`);
  // CI: a missing tool fails the run. Without it, the tests that need the tool are skipped.
  if (!run(root, name, check.full, { ...process.env, CI: 'true' })) return false;
  if (hashInputs(root, check.inputs) !== hash) {
    console.log(`${name}: FAILED, its inputs changed during the run`);
    return false;
  }
  const verified = readVerified(root, file);
  if (verified[name] === hash) return true;
  const renewed = Object.entries({ ...verified, [name]: hash }).sort(([a], [b]) => (a < b ? -1 : 1));
  writeFileSync(join(root, file), `${JSON.stringify(Object.fromEntries(renewed), undefined, 2)}\n`);
  console.log(
    `${name}: ${file} has the new hash here. To keep it for the next run: npm run verify:native, and commit ${file}`,
  );
  return true;
}

function run(root, name, [program, ...args], env) {
  const start = performance.now();
  const { status, signal, error } = spawnSync(program, args, { cwd: root, env, stdio: 'inherit' });
  const seconds = Math.round((performance.now() - start) / 1000);
  const outcome = status === 0 ? 'passed' : `FAILED (${error?.message ?? signal ?? `exit status ${status}`})`;
  console.log(`${name}: ${outcome} after ${seconds} s`);
  return status === 0;
}

function readVerified(root, file) {
  const path = join(root, file);
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {};
}
