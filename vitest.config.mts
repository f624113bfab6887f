import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/support/run/expected-runtime.ts'],
    globalSetup: ['test/support/run/run-directory.ts'],
    // Processes, not threads: signals are per process, and the tests send them.
    pool: 'forks',
    // A guard against hangs, not a measure: a busy machine must not fail a test.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
