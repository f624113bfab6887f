import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Child } from '../support/child.js';
import { heldElsewhere } from '../support/lock-holder.js';
import { lockScript } from '../support/lock-script.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

test.skipIf(process.platform !== 'linux')(
  'ten thousand waiters for one lock in one process have one thread and one descriptor, and their turns in order (Linux)',
  async () => {
    const path = join(temporaryDirectory(), 'x.lock');
    const holder = await heldElsewhere(path);
    const child = Child.node(
      lockScript(
        path,
        `const count = () => ['task', 'fd'].map((kind) => fs.readdirSync('/proc/self/' + kind).length);
         await zjj.lock(path, { timeout: 1 }).catch(() => {});
         // The first output has descriptors of its own.
         console.log('ready');
         const before = count();
         const order = [];
         const waits = Array.from({ length: 10_000 }, async (_, number) => {
           const held = await zjj.lock(path);
           order.push(number);
           held.release();
         });
         const more = count().map((number, index) => number - before[index]);
         console.log(more.join());
         await Promise.all(waits);
         // A burst of calls keeps the file open until the event loop turns.
         await new Promise(setImmediate);
         console.log(order.length, order.every((number, index) => number === index));
         console.log(count().map((number, index) => number - before[index]).join());`,
      ),
    );
    expect(await child.line()).toBe('ready');
    expect(await child.line()).toBe('1,1');
    holder.write('end');
    expect(await child.line()).toBe('10000 true');
    expect(await child.line()).toBe('0,0');
  },
);
