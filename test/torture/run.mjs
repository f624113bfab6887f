// The torture: `npm run test:torture [-- --minutes N] [--seconds N] [--mode NAME] [--seed N]`. Rounds of some seconds, one mode
// after the other, in which writers, readers and an editor are killed, stopped and robbed of their lock file or disk; then
// it is proved that nothing that was acknowledged is lost and nothing was ever damaged.
//
// Each round prints its mode and seed. A seed decides on the processes, the files, the calls and the delays, so that a
// failed round can be run again by them. When which process runs is the affair of the system's scheduler, and cannot be
// repeated: it may take several tries.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { MODES } from './modes.mjs';
import { runRound } from './round.mjs';

const { values } = parseArgs({
  options: {
    /** How long it goes on; 4, or one round where a seed is given. */
    minutes: { type: 'string' },
    /** Of one round. */
    seconds: { type: 'string', default: '8' },
    mode: { type: 'string', multiple: true },
    seed: { type: 'string' },
    directory: { type: 'string', default: tmpdir() },
  },
});
const names = values.mode ?? Object.keys(MODES);
const unknown = names.filter((name) => !Object.hasOwn(MODES, name));
if (unknown.length > 0) {
  console.error(`No such mode: ${unknown.join(', ')}. There are: ${Object.keys(MODES).join(', ')}`);
  process.exit(2);
}
const firstSeed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
const isOnce = values.seed !== undefined && values.minutes === undefined;
const end = Date.now() + Number(values.minutes ?? 4) * 60_000;

const isUnshared = process.env.ZJJ_TORTURE === 'unshared';
if (!isUnshared && names.some((name) => MODES[name].fillsDisk) && canMount()) {
  // In a mount namespace of its own: what is mounted goes with this program, however that ends.
  const { status } = spawnSync('unshare', ['-m', process.execPath, ...process.argv.slice(1)], {
    stdio: 'inherit',
    env: { ...process.env, ZJJ_TORTURE: 'unshared' },
  });
  process.exit(status ?? 1);
}
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

const possible = names.filter((name) => isUnshared || !MODES[name].fillsDisk);
for (const name of names.filter((each) => !possible.includes(each))) {
  console.log(`${name}: skipped, for this user may not mount a file system`);
}
let failed = 0;
for (let index = 0; possible.length > 0; index++) {
  if (!(await runOne(possible[index % possible.length], firstSeed + index))) failed++;
  if (isOnce || Date.now() >= end) break;
}
if (failed > 0) console.log(`${failed} rounds failed`);
process.exitCode = failed > 0 ? 1 : 0;

/** False when it failed. */
async function runOne(name, seed) {
  const directory = mkdtempSync(join(realpathSync(values.directory), 'zjj-torture-'));
  const { faults, figures } = await runRound({ seed, mode: MODES[name], seconds: Number(values.seconds), directory });
  const { codes, ...counts } = figures;
  const told = [...Object.entries(counts), ...Object.entries(codes)].filter(([, count]) => count > 0);
  const isGood = faults.length === 0;
  console.log(
    `${name}, seed ${seed}: ${told.map(([what, count]) => `${what} ${count}`).join(', ')}${isGood ? '' : ' FAILED'}`,
  );
  if (isGood) {
    rmSync(directory, { recursive: true });
    return true;
  }
  for (const fault of faults.slice(0, 20)) console.log(`  ${fault}`);
  if (faults.length > 20) console.log(`  and ${faults.length - 20} more`);
  console.log(`  its files are in ${directory}; again:`);
  console.log(`  npm run test:torture -- --mode ${name} --seed ${seed} --seconds ${values.seconds}`);
  return false;
}

function canMount() {
  return spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()]).status === 0;
}
