// scripts/test/test-sanitize.mjs preloads this file into every Node.js process of its tests. It logs the addon that each one
// really loaded.
const { appendFileSync, readFileSync } = require('node:fs');

const { dlopen } = process;

process.dlopen = function (...args) {
  const result = dlopen.apply(this, args);
  const mapped = readFileSync('/proc/self/maps', 'latin1').match(/\/.*\/zjj[^/]*\.node$/gm);
  for (const file of new Set(mapped)) appendFileSync(process.env.ZJJ_ADDON_REPORT, `${file}\n`);
  return result;
};
