import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dist, withPackage } from '../../support/package/dist.js';
import { Child } from '../../support/process/child.js';
import { HANG_TIMEOUT_MS } from '../../support/run/hang-timeout.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

test('a worker terminated during a write loses no acknowledged write and leaves no lock', async () => {
  const path = join(temporaryDirectory(), 'config.toml');
  const child = Child.node(
    withPackage(`
      const { Worker } = require('node:worker_threads');
      const { once } = require('node:events');
      const path = ${JSON.stringify(path)};
      const source =
        'const { parentPort } = require("node:worker_threads");' +
        'const zjj = require(${JSON.stringify(dist)});' +
        '(async () => {' +
        '  for (let number = 1; ; number++) {' +
        '    await zjj.setConfigValue(' + JSON.stringify(path) + ', "key", number, { timeout: ${HANG_TIMEOUT_MS} });' +
        '    parentPort.postMessage(number);' +
        '  }' +
        '})();';
      for (let round = 0; round < 30; round++) {
        const worker = new Worker(source, { eval: true });
        let acknowledged = 0;
        worker.on('message', (number) => (acknowledged = number));
        while (acknowledged <= round % 3) await once(worker, 'message');
        // Probably in the middle of the next write.
        for (let turn = 0; turn < round; turn++) await new Promise(setImmediate);
        await worker.terminate();
        const stored = await zjj.getConfigValue(path, 'key');
        if (stored !== acknowledged && stored !== acknowledged + 1) {
          throw new Error('acknowledged ' + acknowledged + ', stored ' + stored);
        }
        await zjj.updateConfig(path, (transaction) => transaction.set('key', 0), { timeout: ${HANG_TIMEOUT_MS} });
      }
      console.log('done');`),
  );
  expect(await child.line()).toBe('done');
  expect(await child.exit()).toBe(0);
});

test('a process that exits during a write ends, and leaves the old file or the new one', async () => {
  const path = join(temporaryDirectory(), 'config.toml');
  for (let round = 0; round < 5; round++) {
    const child = Child.node(
      withPackage(`
        await zjj.setConfigValue(${JSON.stringify(path)}, 'key', 1);
        zjj.setConfigValue(${JSON.stringify(path)}, 'key', 2);
        for (let turn = 0; turn < ${round}; turn++) await new Promise(setImmediate);
        console.log(JSON.stringify(await zjj.readConfig(${JSON.stringify(path)})));
        process.exit(7);`),
    );
    expect(['{"key":1}', '{"key":2}']).toContain(await child.line());
    expect(await child.exit()).toBe(7);
  }
});
