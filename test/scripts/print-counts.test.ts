import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../support/package/dist.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const noTests = { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, numFailedTestSuites: 0 };

/** Prints the counts of some reports. `undefined` stands for a report that was never written. */
function printCounts(...reports: (Partial<typeof noTests> | undefined)[]): string {
  const directory = temporaryDirectory();
  const paths = reports.map((report, index) => {
    const path = join(directory, `${index}.json`);
    if (report !== undefined) writeFileSync(path, JSON.stringify({ ...noTests, ...report }));
    return path;
  });
  const script = join(root, 'scripts', 'test', 'print-counts.mjs');
  return execFileSync(process.execPath, [script, ...paths], { encoding: 'utf8' });
}

test('the counts of several runs are added up', () => {
  const first = { numPassedTests: 500, numFailedTests: 2, numPendingTests: 3, numTodoTests: 1, numFailedTestSuites: 4 };
  expect(printCounts(first, { numPassedTests: 40, numPendingTests: 5 })).toBe('540 passed, 2 failed, 9 skipped\n');
});

test('a file that does not load is a failure', () => {
  expect(printCounts({ numPassedTests: 7, numFailedTestSuites: 1 })).toBe('7 passed, 1 failed, 0 skipped\n');
});

test('a run without a report is a failure', () => {
  expect(printCounts({ numPassedTests: 7 }, undefined)).toBe('7 passed, 1 failed, 0 skipped\n');
});
