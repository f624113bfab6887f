// Preloaded by scripts/test/test-sanitize.mjs into every Node.js of its tests: writes down which addon each one really has.
const { appendFileSync, readFileSync } = require('node:fs');

const { dlopen } = process;

process.dlopen = function (...args) {
  const result = dlopen.apply(this, args);
  const mapped = readFileSync('/proc/self/maps', 'latin1').match(/\/.*\/zjj[^/]*\.node$/gm);
  for (const file of new Set(mapped)) appendFileSync(process.env.ZJJ_ADDON_REPORT, `${file}\n`);
  return result;
};
