import type { Random } from '../../support/random.mjs';
import { Directory, type Disk, type File } from './disk.js';
import { type Choose, eachOutcome } from './outcomes.js';
import type { Tree } from './tree.js';

/** The content of a stale block: valid TOML, so that only its content shows that it does not belong there. */
const STALE = Buffer.from('stale = "a block that another file had"\n');

/** The trees that the disk may have after a crash at this moment: all of them, or at most `most` random ones. */
export function* crashStates(disk: Disk, most: number, random: Random): Generator<Tree> {
  yield* eachOutcome((choose) => crashState(disk, choose), most, random);
}

function crashState(disk: Disk, choose: Choose): Tree {
  // A file with two names has the same content under both.
  const chosen = new Map<File, Tree>();
  const pick = (entry: File | Directory): Tree => {
    if (entry instanceof Directory) {
      const entries = new Map<string, Tree>();
      for (const [name, history] of entry.names) {
        const named = choose(history.possible);
        if (named !== undefined) entries.set(name, pick(named));
      }
      return { kind: 'directory', entries };
    }
    let tree = chosen.get(entry);
    if (tree === undefined) {
      tree = { kind: 'file', data: choose(possibleData(entry)), mode: choose(entry.mode.possible) };
      chosen.set(entry, tree);
    }
    return tree;
  };
  return pick(disk.root);
}

/** What a file may contain after a crash. Data that was not synced may be missing, cut off, zeros or a stale block. */
function possibleData({ data }: File): Buffer[] {
  const { possible, latest } = data;
  if (possible.length === 1) return [latest];
  const [synced] = possible as [Buffer];
  const half = latest.length >> 1;
  const kept = synced.subarray(0, latest.length);
  const fill = (rest: Buffer) => Buffer.concat([kept, rest.subarray(kept.length)]);
  const zeros = Buffer.alloc(latest.length);
  const damaged = [
    fill(zeros),
    fill(Buffer.alloc(latest.length, STALE)),
    latest.subarray(0, Math.max(half, kept.length)),
    Buffer.concat([latest.subarray(0, half), fill(zeros).subarray(half)]),
    Buffer.concat([fill(zeros).subarray(0, half), latest.subarray(half)]),
  ];
  const all = [...possible, ...damaged];
  return all.filter((one, index) => all.findIndex((other) => one.equals(other)) === index);
}
