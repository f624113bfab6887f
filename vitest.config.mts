import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/support/run/expected-runtime.ts'],
    globalSetup: ['test/support/run/run-directory.ts'],
    reporters: ['default', './scripts/test/slowest-files.mjs'],
    // Processes, not threads: the tests send signals, and a signal goes to a whole process.
    pool: 'forks',
    // vitest would leave one of two processors idle.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // Ends a test that hangs. Far above what a test takes, so that a busy machine does not fail it.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
