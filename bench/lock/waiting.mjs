// The CPU time of a process that only waits for a lock.
//
//   waiting.mjs PATH SECONDS       the waiting process; prints milliseconds

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { zjj } from './libraries.mjs';

const [, script, path, seconds] = process.argv;
if (script === fileURLToPath(import.meta.url)) {
  const waiting = zjj.open(path)();
  await sleep(500);
  const start = process.cpuUsage();
  await sleep(1000 * Number(seconds));
  const { user, system } = process.cpuUsage(start);
  console.log((user + system) / 1000);
  await (await waiting)();
}

/** Returns the CPU time of a wait of `seconds`, in milliseconds. */
export async function measureWait(path, seconds) {
  const release = await zjj.open(path)();
  // Without this flag, V8 sometimes collects the garbage of the startup some eight seconds later.
  const args = ['--no-memory-reducer', fileURLToPath(import.meta.url), path, String(seconds)];
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [output] = await once(child.stdout, 'data');
  await release();
  return Number(output);
}
