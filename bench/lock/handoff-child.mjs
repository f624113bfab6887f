// One of the two processes of handoff.mjs: acquires and releases the lock on request, and reports when.

import { findLibrary } from './libraries.mjs';

const [, , name, path] = process.argv;
const acquire = findLibrary(name).open(path);
let release;

process.on('message', async (request) => {
  if (request === 'acquire') {
    release = await acquire();
    process.send(String(process.hrtime.bigint()));
  } else {
    const at = process.hrtime.bigint();
    await release();
    process.send(String(at));
  }
});
