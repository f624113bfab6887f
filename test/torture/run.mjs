// The torture test: `npm run test:torture [-- --minutes N] [--seconds N] [--mode NAME] [--seed N]`.
//
// It runs rounds of a few seconds, one mode after the other. A round ends and stops writers, takes away their rights,
// descriptors, lock files, folders or the space on their disk. At the end it verifies that no acknowledged write was
// lost, that no refused write had an effect, and that no reader saw a damaged config. modes.mjs lists the modes.
//
// Each round prints its mode and seed. The seed decides the processes, files, calls and delays, so a failed round can
// be repeated. The decisions of the scheduler cannot: a failure may need several attempts to show again.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { MODES } from './modes.mjs';
import { runRound } from './round.mjs';
import { ENDING_SIGNALS } from './signals.mjs';

const { values } = parseArgs({
  options: {
    /** The total duration. Default: 4, or a single round if a seed is given. */
    minutes: { type: 'string' },
    /** The duration of one round. */
    seconds: { type: 'string', default: '8' },
    mode: { type: 'string', multiple: true },
    seed: { type: 'string' },
    directory: { type: 'string', default: tmpdir() },
  },
});
const names = values.mode ?? Object.keys(MODES);
const unknown = names.filter((name) => !Object.hasOwn(MODES, name));
if (unknown.length > 0) {
  console.error(`Unknown mode: ${unknown.join(', ')}. Modes: ${Object.keys(MODES).join(', ')}`);
  process.exit(2);
}
const firstSeed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
const isOnce = values.seed !== undefined && values.minutes === undefined;
const end = Date.now() + Number(values.minutes ?? 4) * 60_000;

const isUnshared = process.env.ZJJ_TORTURE === 'unshared';
if (!isUnshared && names.some((name) => MODES[name].fillsDisk) && canMount()) {
  // A mount namespace ends with this program, however the program ends, and takes its mounts with it.
  const { status } = spawnSync('unshare', ['-m', process.execPath, ...process.argv.slice(1)], {
    stdio: 'inherit',
    env: { ...process.env, ZJJ_TORTURE: 'unshared' },
  });
  process.exit(status ?? 1);
}
for (const signal of ENDING_SIGNALS) process.on(signal, () => process.exit(1));

const possible = names.filter((name) => {
  const reason = whyNot(MODES[name]);
  if (reason !== undefined) console.log(`${name}: skipped, because ${reason}`);
  return reason === undefined;
});
let failed = 0;
for (let index = 0; possible.length > 0; index++) {
  if (!(await runOne(possible[index % possible.length], firstSeed + index))) failed++;
  if (isOnce || Date.now() >= end) break;
}
if (failed > 0) console.log(`${failed} rounds failed`);
process.exitCode = failed > 0 ? 1 : 0;

/** Runs one round and prints its result. Returns whether the round passed. */
async function runOne(name, seed) {
  const directory = mkdtempSync(join(realpathSync(values.directory), 'zjj-torture-'));
  const { faults, figures } = await runRound({ seed, mode: MODES[name], seconds: Number(values.seconds), directory });
  const { codes, ...counts } = figures;
  const results = [...Object.entries(counts), ...Object.entries(codes)].filter(([, count]) => count > 0);
  const summary = results.map(([name, count]) => `${name} ${count}`).join(', ');
  const hasPassed = faults.length === 0;
  console.log(`${name}, seed ${seed}: ${summary}${hasPassed ? '' : ' FAILED'}`);
  if (hasPassed) {
    rmSync(directory, { recursive: true });
    return true;
  }
  for (const fault of faults.slice(0, 20)) console.log(`  ${fault}`);
  if (faults.length > 20) console.log(`  and ${faults.length - 20} more`);
  console.log(`  The files of the round are in ${directory}. To repeat it:`);
  console.log(`  npm run test:torture -- --mode ${name} --seed ${seed} --seconds ${values.seconds}`);
  return false;
}

function whyNot({ fillsDisk, limits, users, chmods }) {
  if (fillsDisk && !isUnshared) return 'this user may not mount a file system';
  if (limits && spawnSync('prlimit', ['--version']).status !== 0) return 'prlimit is not installed';
  // Without root, the other modes disturb writers of this user.
  if (users && !chmods && !limits && process.geteuid?.() !== 0) return 'only root may run writers as another user';
  return undefined;
}

function canMount() {
  return spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()]).status === 0;
}
