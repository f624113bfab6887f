// A second process for the tests of the addon. The first argument is the addon's file.
//
// Reads one call from each line of standard input, as a JSON array: the function's name and its arguments. Writes the
// result as a line of JSON, and ["ended", index, status] when a wait ends.
const { createInterface } = require('node:readline');

const addon = require(process.argv[2]);
const answer = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

addon.setup('{"pid":1,"host":"h","command":"child",', (index, status) => answer(['ended', index, status]));
answer('ready');
createInterface({ input: process.stdin }).on('line', (line) => {
  const [name, ...args] = JSON.parse(line);
  answer(addon[name](...args) ?? null);
});
