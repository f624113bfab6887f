// One of the two processes of hand-over.mjs: takes the lock and gives it back as it is told, and says when it did.

import { libraryNamed } from './libraries.mjs';

const [, , name, path] = process.argv;
const acquire = libraryNamed(name).opens(path);
let release;

process.on('message', async (order) => {
  if (order === 'acquire') {
    release = await acquire();
    process.send(String(process.hrtime.bigint()));
  } else {
    const at = process.hrtime.bigint();
    await release();
    process.send(String(at));
  }
});
