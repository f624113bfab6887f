// Another process for the tests of the addon, which is the file of the first argument: calls what it is told on standard input, a JSON array of a function's name
// and its arguments in each line, and writes each result, or ["ended", index, status] for the end of a wait, as a line.
const { createInterface } = require('node:readline');

const addon = require(process.argv[2]);
const answer = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

addon.setup('{"pid":1,"host":"h","command":"child",', (index, status) => answer(['ended', index, status]));
answer('ready');
createInterface({ input: process.stdin }).on('line', (line) => {
  const [name, ...args] = JSON.parse(line);
  answer(addon[name](...args) ?? null);
});
