import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { setConfigValue, setConfigValueSync } from '../../../src/index.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

// After a loss of power, the lock file on disk may have the clean mark of a release that came before the temporary file.

test.for([
  ['asynchronous', setConfigValue],
  ['synchronous', setConfigValueSync],
] as const)('the first write after a restart sweeps, in spite of a clean mark: %s', async ([, set]) => {
  const path = join(temporaryDirectory(), 'config.toml');
  await set(path, 'a', 1);
  const left = join(path, '..', '.config.toml.zjj-0123456789abcdef.tmp');
  writeFileSync(left, 'a = 1\n');
  await set(path, 'a', 2);
  expect(existsSync(left)).toBe(true);
  const mark = readFileSync(`${path}.lock`, 'utf8');
  writeFileSync(`${path}.lock`, mark.replace(/ at \d{4}/, ' at 2001'));
  await set(path, 'a', 3);
  expect(existsSync(left)).toBe(false);
  writeFileSync(left, 'a = 1\n');
  await set(path, 'a', 4);
  expect(existsSync(left)).toBe(true);
});
