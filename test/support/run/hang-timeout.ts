/**
 * A lock timeout in milliseconds for tests that are not about timeouts. On a busy machine a holder can lose the CPU for
 * seconds, and the store's default of 5 s without progress is too short. Less than vitest's `testTimeout`: a hang then
 * fails with an error that names the holder.
 */
export const HANG_TIMEOUT_MS = 100_000;
