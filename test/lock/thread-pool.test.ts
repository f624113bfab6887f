import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Child } from '../support/process/child.js';
import { holdElsewhere } from '../support/process/lock-holder.js';
import { lockScript } from '../support/process/lock-script.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const lockPath = () => join(temporaryDirectory(), 'x.lock');
const env = { ...process.env, UV_THREADPOOL_SIZE: '1' };

test('sixty-four waits for another process do not block a one-thread pool for files and host names', async () => {
  const path = lockPath();
  const sixtyFour = Array.from({ length: 64 }, (_, number) => path + number);
  const holder = await holdElsewhere(sixtyFour);
  const waiter = Child.node(
    lockScript(
      path,
      `const paths = ${JSON.stringify(sixtyFour)};
       let granted = 0;
       const waits = paths.map((each) => zjj.lock(each).then(() => granted++));
       for (let round = 0; round < 50; round++) {
         await fs.promises.readFile(path + '0');
         await require('node:dns').promises.lookup('localhost');
       }
       console.log(granted);
       await Promise.all(waits);
       console.log(granted);`,
    ),
    { env },
  );
  expect(await waiter.line()).toBe('0');
  holder.write('end');
  expect(await waiter.line()).toBe('64');
});

test('sixty-four waits behind a holder in the same process do not block its file operations', async () => {
  const path = lockPath();
  const child = Child.node(
    lockScript(
      path,
      `const file = path + '.counter';
       fs.writeFileSync(file, '0');
       await Promise.all(Array.from({ length: 64 }, () =>
         zjj.withLock(path, async () => {
           const count = Number(await fs.promises.readFile(file, 'utf8'));
           await fs.promises.writeFile(file, String(count + 1));
         })));
       console.log(fs.readFileSync(file, 'utf8'));`,
    ),
    { env },
  );
  expect(await child.line()).toBe('64');
});

test('sixty-four waits on other names of the lock file do not block the file operations of its holder', async () => {
  const path = lockPath();
  const child = Child.node(
    lockScript(
      path,
      `const held = await zjj.lock(path);
       // Other names, so that each waits in the kernel for this process itself.
       const names = Array.from({ length: 64 }, (_, number) => path + number);
       for (const name of names) fs.linkSync(path, name);
       let holders = 0;
       const waits = names.map((name) => zjj.withLock(name, async () => {
         holders++;
         await fs.promises.readFile(path);
         return holders--;
       }));
       await fs.promises.readFile(path);
       await require('node:dns').promises.lookup('localhost');
       held.release();
       console.log(Math.max(...(await Promise.all(waits))));`,
    ),
    { env },
  );
  expect(await child.line()).toBe('1');
});
