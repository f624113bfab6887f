// The plan of one round: its configs, its writers, and what each of them may do.

import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { initialText } from './content.mjs';
import { allowAll } from './saboteurs/files.mjs';

const zjj = createRequire(import.meta.url)('../../dist/index.js');

/**
 * The lock timeout of the writers in a mode that allows no timeouts. Without it, a call fails after 5 s without
 * progress, and on a busy machine a holder can lose the CPU for longer.
 */
const LONGEST_WAIT_MS = 60_000;

/** Large enough for a few configs and their temporary files. */
const DISK_SIZE = '1m';

/** A user without rights: nobody. */
const USER = 65534;

/** Makes all decisions of the round. */
export function makePlan(random, mode, directory) {
  const disk = join(directory, 'files');
  const journals = join(directory, 'journals');
  // On a full disk nothing can be created. The editor needs a config to edit.
  const mayStartEmpty = !mode.fillsDisk && !mode.edits;
  const configs = Array.from({ length: mode.files ?? random.between(1, 3) }, (_, index) => {
    const path = join(disk, `${index}`, 'config.toml');
    return {
      path,
      lock: `${path}.lock`,
      link: join(disk, `link-${index}.toml`),
      isSealed: !(mayStartEmpty && random.chance(0.3)) || mode.fillers !== undefined,
      fillers: mode.fillers ?? (random.chance(0.5) ? random.between(0, 20) : random.between(100, 400)),
      editorJournal: join(journals, `editor-${index}`),
      editorSeed: random.seed(),
      readerSeed: random.seed(),
      writers: [],
    };
  });
  const isRoot = process.geteuid?.() === 0;
  const processes = Array.from({ length: mode.processes ?? random.between(3, 6) }, (_, index) => ({
    ...makeProcess(random, mode, isRoot),
    pauses: random.pick([0, 0.1, 0.5]),
    writers: Array.from({ length: mode.writersEach ?? random.between(1, 5) }, (_, each) => {
      const config = random.pick(configs);
      const id = `p${index}w${each}`;
      const names = random.pick([[config.path], [config.link], [config.path, config.link]]);
      const nested = mode.nested ? dirname(config.path) : undefined;
      const writer = { id, names, nested, journal: join(journals, id), seed: random.seed() };
      config.writers.push(writer);
      return writer;
    }),
  }));
  const timeoutMs = chooseTimeout(mode, random);
  return { directory, disk, journals, configs, processes, timeoutMs, saboteurs: random.seed() };
}

function makeProcess(random, { users, chmods, kinds, forms }, isRoot) {
  const isOfUser = users && isRoot && (chmods || random.chance(0.5));
  // A user without rights may not be able to read the program of the command, or of a thread.
  const all = [
    'async',
    'async',
    'sync',
    ...(isOfUser ? [] : ['threads', ...(kinds?.includes('count') ? [] : ['command'])]),
  ];
  return {
    form: random.pick(forms ?? all),
    user: isOfUser ? USER : undefined,
    isShared: users === true,
    outlivesLimits: random.chance(0.7),
    exitsOnSignals: random.chance(0.3),
  };
}

/** Undefined means the default of the store. */
function chooseTimeout({ stops, deletesEveryMs }, random) {
  if (!stops) return LONGEST_WAIT_MS;
  // Short, so that many holders are stopped for longer in a round.
  return deletesEveryMs === undefined ? random.between(80, 300) : undefined;
}

/** Makes the files that the round begins with. */
export function prepare({ directory, disk, journals, configs }, mode) {
  mkdirSync(disk);
  mkdirSync(journals);
  for (const each of mode.users ? [directory, disk, journals] : []) chmodSync(each, 0o777);
  if (mode.fillsDisk) {
    const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_SIZE}`, 'tmpfs', disk]);
    if (status !== 0) throw new Error(`cannot mount: ${stderr}`);
  }
  for (const { path, link, isSealed, fillers } of configs) {
    mkdirSync(dirname(path));
    symlinkSync(join(basename(dirname(path)), basename(path)), link);
    if (!isSealed) continue;
    writeFileSync(path, initialText(fillers));
    // Creates the lock file and changes nothing else.
    zjj.setConfigValueSync(path, 'end.seal', 'whole');
  }
  if (mode.users) for (const { lock } of configs) allowAll(lock);
}
