import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Child } from '../support/process/child.js';
import { heldElsewhere } from '../support/process/lock-holder.js';
import { lockScript } from '../support/process/lock-script.js';
import { runtime } from '../support/run/runtime.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

// On Windows an addon that names node.exe as what it imports from finds nothing in a program of another name.
test('a program that is not called as Node.js is can lock, as Electron does', async (context) => {
  if (runtime !== 'node') context.skip('what another runtime is called is no matter');
  if (process.env['ZJJ_PROGRAM'] !== undefined) context.skip('an emulator starts no copy by itself');
  const path = join(temporaryDirectory(), 'x.lock');
  const electron = join(temporaryDirectory(), 'electron.exe');
  copyFileSync(process.execPath, electron);
  const holder = await heldElsewhere(path);
  const child = new Child(
    electron,
    lockScript(
      path,
      `console.log(process.execPath, zjj.tryLock(path));
       console.log((await zjj.lock(path, { onWait: () => console.log('waits') })).held);
       process.exit();`,
    ),
  );
  expect(await child.line()).toBe(`${electron} null`);
  expect(await child.line()).toBe('waits');
  holder.write('end');
  expect(await child.line()).toBe('true');
});
