import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readConfig, setConfigValue } from '../../../src/index.js';
import { withPackage } from '../../support/package/dist.js';
import { Child } from '../../support/process/child.js';
import { HANG_TIMEOUT_MS } from '../../support/run/hang-timeout.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const configPath = () => join(temporaryDirectory(), 'config.toml');
const TIMEOUT = `{ timeout: ${HANG_TIMEOUT_MS} }`;

/** Starts processes that run a script at the same moment: each waits for a line once it is ready. */
async function startTogether(count: number, script: (index: number) => string): Promise<Child[]> {
  const children = Array.from({ length: count }, (_, index) =>
    Child.node(
      withPackage(`
        console.log('ready');
        await new Promise((resolve) => process.stdin.once('data', resolve));
        process.stdin.destroy();
        ${script(index)}`),
    ),
  );
  for (const child of children) expect(await child.line()).toBe('ready');
  for (const child of children) child.write('go');
  return children;
}

async function expectSuccess(children: readonly Child[]): Promise<void> {
  for (const child of children) expect([await child.exit(), child.stderr]).toEqual([0, '']);
}

const numbered = (count: number, prefix = 'key') =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`${prefix}_${index}`, index]));

test('concurrent_writes_respect_file_lock', async () => {
  const path = configPath();
  await Promise.all(Array.from({ length: 10 }, (_, index) => setConfigValue(path, `key_${index}`, index)));
  expect(await readConfig(path)).toEqual(numbered(10));
});

// A guard against hangs: a busy machine takes minutes to start a hundred processes.
describe('writers in separate processes lose nothing', { timeout: 400_000 }, () => {
  test.each([20, 50, 100])('%i at once', async (count) => {
    const path = configPath();
    const children = await startTogether(
      count,
      (index) => `await zjj.setConfigValue(${JSON.stringify(path)}, 'key_${index}', ${index}, ${TIMEOUT});`,
    );
    await expectSuccess(children);
    expect(await readConfig(path)).toEqual(numbered(count));
  });

  test('eight that set fifty keys each', async () => {
    const path = configPath();
    const children = await startTogether(
      8,
      (index) => `
        for (let number = 0; number < 50; number++) {
          await zjj.setConfigValue(${JSON.stringify(path)}, 'writer_${index}.key_' + number, number, ${TIMEOUT});
        }`,
    );
    await expectSuccess(children);
    const expected = Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`writer_${index}`, numbered(50)]));
    expect(await readConfig(path)).toEqual(expected);
  });

  test('eight that increment one counter', async () => {
    const path = configPath();
    const children = await startTogether(
      8,
      () => `
        for (let round = 0; round < 50; round++) {
          const increment = (tx) => tx.set('count', (tx.get('count') ?? 0) + 1);
          await zjj.updateConfig(${JSON.stringify(path)}, increment, ${TIMEOUT});
        }`,
    );
    await expectSuccess(children);
    expect(await readConfig(path)).toEqual({ count: 400 });
  });
});

test('readers during writes never see a torn or partial file', async () => {
  const path = configPath();
  // Every write changes two keys together, with much text between them.
  const filler = Array.from({ length: 400 }, (_, index) => `filler_${index} = "${'x'.repeat(100)}"`).join('\n');
  writeFileSync(path, `first = 0\n${filler}\nlast = 0\n`);
  const writers = await startTogether(
    2,
    () => `
      for (let round = 0; round < 60; round++) {
        await zjj.updateConfig(${JSON.stringify(path)}, (tx) => {
          const next = tx.get('first') + 1;
          tx.set('first', next);
          tx.set('last', next);
        }, ${TIMEOUT});
      }`,
  );
  const readers = await startTogether(
    2,
    () => `
      let seen = 0;
      for (;;) {
        const config = await zjj.readConfig(${JSON.stringify(path)});
        if (config.first !== config.last || Object.keys(config).length !== 402) throw new Error('torn');
        if (config.first < seen) throw new Error('went back');
        seen = config.first;
        if (seen === 120) break;
        await new Promise(setImmediate);
      }`,
  );
  await expectSuccess([...writers, ...readers]);
});

test('no mix of synchronous and asynchronous writers, readers and lock holders deadlocks', async () => {
  const path = configPath();
  const file = JSON.stringify(path);
  const scripts = [
    (index: number) =>
      `for (let i = 0; i < 20; i++) zjj.setConfigValueSync(${file}, 'sync_${index}_' + i, i, ${TIMEOUT});`,
    (index: number) => `
      await Promise.all(
        Array.from({ length: 20 }, (_, i) => zjj.setConfigValue(${file}, 'async_${index}_' + i, i, ${TIMEOUT})),
      );`,
    () => `for (let i = 0; i < 20; i++) await zjj.withLock(${file} + '.lock', () => new Promise(setImmediate));`,
    () => `
      const modes = ['exclusive', 'shared'];
      for (let i = 0; i < 20; i++) zjj.lockSync(${file} + '.lock', { mode: modes[i % 2] }).release();`,
    (index: number) => `
      for (let i = 0; i < 20; i++) {
        await zjj.setConfigValue(${file}, 'gone_${index}', i, ${TIMEOUT});
        if (!(await zjj.unsetConfigValue(${file}, 'gone_${index}', ${TIMEOUT}))) throw new Error('missing');
      }`,
    () => `for (let i = 0; i < 20; i++) await zjj.readConfig(${file});`,
  ];
  const children = await startTogether(12, (index) => scripts[index % scripts.length]?.(index) ?? '');
  await expectSuccess(children);
  const stored = await readConfig(path);
  expect(Object.keys(stored).filter((key) => key.startsWith('sync_'))).toHaveLength(40);
  expect(Object.keys(stored).filter((key) => key.startsWith('async_'))).toHaveLength(40);
  expect(Object.keys(stored)).toHaveLength(80);
});
