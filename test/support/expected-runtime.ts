import { isMainThread } from 'node:worker_threads';
import { runtime } from './runtime.js';

// scripts/test-runtimes.mjs says what it means to run the tests on. That they pass there proves nothing if they ran
// elsewhere.
const actual = `${runtime} ${process.versions[runtime]}${isMainThread ? '' : ' worker'}`;
const expected = process.env['ZJJ_RUNTIME'];
if (expected !== undefined && expected !== actual) throw new Error(`The tests run on ${actual}, not on ${expected}`);
