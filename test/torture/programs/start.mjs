import { once } from 'node:events';

/**
 * Reports that this process is ready, and waits until all processes are. Otherwise the first process would finish much
 * of its work before the last one started.
 *
 * @returns The time at which the round ends, in milliseconds since 1970.
 */
export async function waitForStart() {
  console.log('ready');
  const [line] = await once(process.stdin, 'data');
  process.stdin.destroy();
  return Number(line);
}
