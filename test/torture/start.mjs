import { once } from 'node:events';

/**
 * Says that this process is ready, and waits until all are: else the first would have done much before the last came.
 *
 * @returns The time at which it is to end, as Date.now() tells it.
 */
export async function untilWhen() {
  console.log('ready');
  const [line] = await once(process.stdin, 'data');
  process.stdin.destroy();
  return Number(line);
}
