// The processor time of a process that does nothing but wait for a lock.
//
//   waiting.mjs PATH SECONDS       a child; prints the milliseconds

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { zjj } from './libraries.mjs';

const [, script, path, seconds] = process.argv;
if (script === fileURLToPath(import.meta.url)) {
  const waiting = zjj.opens(path)();
  await sleep(500);
  const start = process.cpuUsage();
  await sleep(1000 * Number(seconds));
  const { user, system } = process.cpuUsage(start);
  console.log((user + system) / 1000);
  await (await waiting)();
}

/** The milliseconds of processor time that a wait of `seconds` takes. */
export async function waitCost(path, seconds) {
  const release = await zjj.opens(path)();
  // Without V8's collection of what starting left behind, which comes some eight seconds after the start or not at all.
  const args = ['--no-memory-reducer', fileURLToPath(import.meta.url), path, String(seconds)];
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [output] = await once(child.stdout, 'data');
  await release();
  return Number(output);
}
