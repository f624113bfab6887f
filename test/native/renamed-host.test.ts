import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Child } from '../support/process/child.js';
import { holdElsewhere } from '../support/process/lock-holder.js';
import { lockScript } from '../support/process/lock-script.js';
import { runtime } from '../support/run/runtime.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

// On Windows, an addon that imports its symbols from node.exe cannot load in a program with another name.
test('a program with another name than Node.js, such as Electron, can lock', async (context) => {
  if (runtime !== 'node') context.skip('only the name of Node.js matters');
  if (process.env['ZJJ_PROGRAM'] !== undefined) context.skip('a copy of the program cannot run without the emulator');
  const path = join(temporaryDirectory(), 'x.lock');
  const electron = join(temporaryDirectory(), 'electron.exe');
  copyFileSync(process.execPath, electron);
  const holder = await holdElsewhere(path);
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
