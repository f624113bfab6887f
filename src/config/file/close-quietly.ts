import { closeSync } from 'node:fs';

/** Closes a descriptor of which nothing is wanted any more: all was read or synced, or what went wrong before is told. */
export function closeQuietly(fd: number): void {
  try {
    closeSync(fd);
  } catch {
    // It is closed all the same.
  }
}
