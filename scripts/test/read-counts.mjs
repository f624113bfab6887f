import { existsSync, readFileSync } from 'node:fs';

/**
 * Reads how many tests passed, failed and were skipped from a report of vitest's json reporter.
 *
 * @returns `{ passed, failed, skipped }`. A missing report counts as one failure, because the run did not get to its
 * end.
 */
export function readCounts(report) {
  if (!existsSync(report)) return { passed: 0, failed: 1, skipped: 0 };
  const counts = JSON.parse(readFileSync(report, 'utf8'));
  return {
    passed: counts.numPassedTests,
    // A file that does not load has no tests to count, but it has failed.
    failed: Math.max(counts.numFailedTests, counts.numFailedTestSuites > 0 ? 1 : 0),
    skipped: counts.numPendingTests + counts.numTodoTests,
  };
}
