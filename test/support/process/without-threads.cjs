// Preloaded into a process of root: it goes on as an unprivileged user that may start no thread and no process.
const { execFileSync, spawnSync } = require('node:child_process');

execFileSync('prlimit', ['--pid', String(process.pid), '--nproc=1']);
process.setgroups([]);
process.setgid(65534);
process.setuid(65534);
const { error } = spawnSync('true');
if (error?.code !== 'EAGAIN') throw new Error(`the limit has no effect: ${error}`);
