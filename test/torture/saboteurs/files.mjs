// Disturbances of the files of a round, at random moments. Each function runs until the round ends.

import {
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { pause } from './pause.mjs';

/** Removes lock files. */
export async function deleteLocks({ endTime, random, locks, figures }) {
  while (await pause(random, 1, 60, endTime)) figures.deletes += deleteQuietly(random.pick(locks));
}

/** Puts something else in the place of a lock file for a moment: a link, a folder, or data. */
export async function swapLocks({ endTime, random, locks, figures }) {
  while (await pause(random, 5, 100, endTime)) {
    const lock = random.pick(locks);
    const other = `${lock}.other`;
    const kind = random.pick(['link', 'dangling link', 'folder', 'data']);
    if (kind === 'folder') mkdirSync(other);
    else if (kind === 'data') writeFileSync(other, 'some = "data"\n');
    else symlinkSync(kind === 'link' ? dirname(lock) : 'nothing', other);
    deleteQuietly(lock);
    try {
      renameSync(other, lock);
      figures.swaps++;
    } catch {
      // A writer has created a new lock file, which a folder cannot replace.
      rmSync(other, { recursive: true });
      continue;
    }
    await pause(random, 1, 30, endTime);
    // The lock file that was there does not come back. Two locks that take turns would be two locks.
    rmSync(lock, { recursive: true, force: true });
  }
}

/** Moves a folder away for a moment. Writers make a new one in the meantime, which is kept under another name. */
export async function swapFolders({ endTime, random, locks, figures }) {
  while (await pause(random, 20, 200, endTime)) {
    const folder = dirname(random.pick(locks));
    const away = `${folder}.away`;
    renameSync(folder, away);
    figures.swaps++;
    await pause(random, 0, 60, endTime);
    while (!moveBack(away, folder)) renameQuietly(folder, `${folder}.${figures.swaps}-${random.seed()}`);
  }
}

/** Denies access to a folder, a config or a lock file for a moment. */
export async function changeModes({ endTime, random, locks, figures }) {
  while (await pause(random, 5, 100, endTime)) {
    const lock = random.pick(locks);
    const [path, mode] = random.pick([
      [dirname(lock), 0o555],
      [dirname(lock), 0],
      [lock, 0o444],
      [lock, 0],
      [lock.replace(/\.lock$/, ''), 0o444],
      [lock.replace(/\.lock$/, ''), 0],
    ]);
    chmodQuietly(path, mode);
    figures.chmods++;
    await pause(random, 1, 50, endTime);
    allowAll(lock);
  }
}

/** Gives everybody access again. A writer may have copied a mode that was meant to last for a moment only. */
export function allowAll(lock) {
  chmodQuietly(dirname(lock), 0o777);
  chmodQuietly(lock, 0o666);
  chmodQuietly(lock.replace(/\.lock$/, ''), 0o666);
}

/** Fills the file system to the last byte and frees it again. */
export async function fillDisk({ endTime, random, disk, figures }) {
  const path = join(disk, 'ballast');
  while (await pause(random, 20, 200, endTime)) {
    const fd = openSync(path, 'w');
    try {
      for (let size = 65536; size > 0; ) {
        try {
          writeSync(fd, Buffer.alloc(size));
        } catch {
          size >>= 1;
        }
      }
      figures.fills++;
      await pause(random, 20, 200, endTime);
    } finally {
      closeSync(fd);
      unlinkSync(path);
    }
  }
}

export function deleteQuietly(path) {
  try {
    unlinkSync(path);
    return 1;
  } catch {
    return 0;
  }
}

/** Returns false if there is a folder with that name that is not empty. */
function moveBack(away, folder) {
  try {
    renameSync(away, folder);
    return true;
  } catch (error) {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    return false;
  }
}

function renameQuietly(from, to) {
  try {
    renameSync(from, to);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
}

function chmodQuietly(path, mode) {
  try {
    chmodSync(path, mode);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
}
