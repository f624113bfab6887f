// `npm run verify:native [-- [--full] [NAME…]]` runs the checks in native-checks.mjs, all of them without a name: in
// full if their inputs differ from those that last passed (test/verified.json), and in a short form otherwise. With
// --full it runs them in full anyway.

import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chosenNames } from '../tools/chosen-names.mjs';
import { CHECKS, VERIFIED } from './native-checks.mjs';
import { verify } from './verify.mjs';

const { values, positionals } = parseArgs({
  options: { full: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const failed = verify({
  root: join(import.meta.dirname, '../..'),
  file: VERIFIED,
  checks: CHECKS,
  names: chosenNames(positionals, CHECKS, 'check'),
  isForced: values.full,
});
if (failed.length > 0) {
  console.error(`failed: ${failed.join(', ')}`);
  process.exitCode = 1;
}
