import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readConfig, setConfigValue } from '../../../src/index.js';
import { withPackage } from '../../support/package/dist.js';
import { Child } from '../../support/process/child.js';
import { runtime } from '../../support/run/runtime.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

test.skipIf(process.platform === 'win32' || runtime !== 'node')(
  'four blocked reads in a process stop none of its writes, and keep no other process from the lock (POSIX, Node.js)',
  async () => {
    const directory = temporaryDirectory();
    const config = join(directory, 'c.toml');
    const fifo = join(directory, 'fifo');
    execFileSync('mkfifo', [fifo]);
    const child = Child.node(
      withPackage(
        `const fs = require('node:fs');
         // Nobody opens the FIFO for writing, so these block every thread of libuv's pool.
         for (let thread = 0; thread < 4; thread++) fs.readFile(${JSON.stringify(fifo)}, () => {});
         let isPoolFree = false;
         fs.stat('/', () => (isPoolFree = true));
         const config = ${JSON.stringify(config)};
         await zjj.setConfigValue(config, 'created', 1);
         await zjj.setConfigValue(config, 'replaced', 1);
         await zjj.setConfigValue(config, 'replaced', 1);
         await zjj.unsetConfigValue(config, 'replaced');
         console.log(isPoolFree);
         for await (const line of require('node:readline').createInterface({ input: process.stdin })) {
           await zjj.setConfigValue(config, line, 1);
           console.log(isPoolFree);
         }`,
      ),
      { env: { ...process.env, UV_THREADPOOL_SIZE: '4' } },
    );
    expect(await child.line()).toBe('false');
    for (let round = 0; round < 20; round++) {
      child.write(`theirs${round}`);
      await setConfigValue(config, `ours${round}`, 1);
      expect(await child.line()).toBe('false');
    }
    expect(Object.keys(await readConfig(config))).toHaveLength(41);
  },
);
