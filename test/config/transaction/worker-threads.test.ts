import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dist, withPackage } from '../../support/package/dist.js';
import { Child } from '../../support/process/child.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

test('a worker that is terminated while its writes are put on disk loses none that it was told of, and no lock', async () => {
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
        '    await zjj.setConfigValue(' + JSON.stringify(path) + ', "key", number);' +
        '    parentPort.postMessage(number);' +
        '  }' +
        '})();';
      for (let round = 0; round < 30; round++) {
        const worker = new Worker(source, { eval: true });
        let told = 0;
        worker.on('message', (number) => (told = number));
        while (told <= round % 3) await once(worker, 'message');
        // In the middle of the next one, most likely.
        for (let turn = 0; turn < round; turn++) await new Promise(setImmediate);
        await worker.terminate();
        const stored = await zjj.getConfigValue(path, 'key');
        if (stored !== told && stored !== told + 1) throw new Error('told of ' + told + ', stored ' + stored);
        await zjj.updateConfig(path, (transaction) => transaction.set('key', 0), { timeout: 60_000 });
      }
      console.log('done');`),
  );
  expect(await child.line()).toBe('done');
  expect(await child.exit()).toBe(0);
});

test('a process that exits while a write is put on disk leaves the old file or the new one, and ends', async () => {
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
