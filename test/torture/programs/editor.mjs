// An editor that cooperates: it takes the lock and saves the config with its own rename.
//
//   editor.mjs TASK      JSON: { path, journal, seed }

import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Random } from '../../support/random.mjs';
import { revise } from '../content.mjs';
import { Journal } from '../journal.mjs';
import { waitForStart } from './start.mjs';

const { withLock } = createRequire(import.meta.url)('../../../dist/lock/index.js');
const { path, journal: journalPath, seed } = JSON.parse(process.argv[2]);
const journal = new Journal(journalPath);
const random = new Random(seed);
const endTime = await waitForStart();

for (let revision = 1; Date.now() < endTime; revision++) {
  journal.intend(revision, 'revision', revision);
  const start = performance.now();
  await withLock(`${path}.lock`, () => {
    const text = revise(readFileSync(path, 'utf8'), revision);
    const fd = openSync(`${path}~`, 'w');
    writeSync(fd, text);
    fsyncSync(fd);
    closeSync(fd);
    renameSync(`${path}~`, path);
  });
  journal.acknowledge(revision, null, Math.round(performance.now() - start));
  await new Promise((resolve) => setTimeout(resolve, random.between(0, 20)));
}
