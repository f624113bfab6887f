// `node scripts/test/print-counts.mjs REPORT…` adds up the reports of several vitest runs, and prints
// `N passed, N failed, N skipped`.

import { readCounts } from './read-counts.mjs';

const counts = process.argv.slice(2).map(readCounts);
const sum = (name) => counts.reduce((total, count) => total + count[name], 0);
console.log(`${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`);
