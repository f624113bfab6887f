import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { readConfigSync, setConfigValueSync } from '../../src/index.js';
import { findIn, type Tree } from './disk/tree.js';
import type { Scenario } from './scenarios.js';

/**
 * Checks one state that a crash may leave, and returns what is wrong with it.
 *
 * @param tree - The state.
 * @param directory - A directory that has the state.
 * @param printed - What the program had printed before the crash.
 */
export type Check = (
  tree: Tree,
  directory: string,
  scenario: Scenario,
  printed: readonly string[],
) => string | undefined;

/** The config is whole, has every acknowledged write, can be read, and the next writer succeeds. */
export const checkConfig: Check = (tree, directory, scenario, printed) => {
  const file = findIn(tree, scenario.config);
  const text = file?.kind === 'file' ? file.data.toString() : undefined;
  if (!scenario.accepts(text, printed)) return `the config is ${JSON.stringify(text)}`;
  if (file?.kind === 'file' && file.mode !== (scenario.mode ?? 0o644)) return `its mode is ${file.mode.toString(8)}`;
  const config = join(directory, scenario.config);
  try {
    const before = readConfigSync(config);
    setConfigValueSync(config, 'next', true);
    const after = JSON.stringify(readConfigSync(config));
    return after === JSON.stringify({ ...before, next: true }) ? undefined : `the next writer left ${after}`;
  } catch (error) {
    return String(error);
  }
};

/** The next writer, after a restart, removes the temporary files of those that the crash ended. */
export const checkSwept: Check = (_, directory, scenario) => {
  const config = join(directory, scenario.config);
  if (existsSync(`${config}.lock`)) backdate(`${config}.lock`);
  setConfigValueSync(config, 'next', true);
  const left = readdirSync(dirname(config)).filter((name) => name.startsWith(`.${basename(config)}`));
  return left.length > 0 ? `after the next writer there is still ${left}` : undefined;
};

/** Makes a lock file look as if it was last written before this system started. */
function backdate(lock: string): void {
  writeFileSync(lock, readFileSync(lock, 'latin1').replace(/20\d\d-\d\d-\d\dT/, '2001-01-01T'), 'latin1');
}
