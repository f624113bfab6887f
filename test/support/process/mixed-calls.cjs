// Makes writes and locks of every form in random order, on a few configs by several names. Also runs as a worker.
//
//   node mixed-calls.cjs DIST DIRECTORY NAME CALLS SEED
//
// Each write increments `counts.NAME` of its config. At the end a line of JSON tells how many writes each config got. The
// last ones are still pending when the process exits.

const { isMainThread, workerData, parentPort } = require('node:worker_threads');
const { writeSync } = require('node:fs');

const [dist, directory, name, calls, seed] = isMainThread ? process.argv.slice(2) : workerData;
const { ConfigStore, setConfigValue, updateConfig, updateConfigSync } = require(dist);
const { lockSync } = require(require('node:path').join(require('node:path').dirname(dist), 'lock', 'index.js'));

const CONFIGS = 3;
const options = { timeout: 100_000 };

let state = Number(seed);
/** An integer from 0 to `below` - 1. */
function random(below) {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
}

/** Three names of each config. */
const pathOf = (config, alias) => `${directory}/${['', 'link/', 'file-'][alias]}c${config}.toml`;
const made = Array(CONFIGS).fill(0);
const merged = Array(CONFIGS).fill(0);
const settled = [];

function fail(message) {
  writeSync(2, `${name}: ${message}\n`);
  process.exit(1);
}

function expect(condition, message) {
  if (!condition) fail(message);
}

/** The change of a call. Changes by one name run in the order of their calls; a synchronous one runs after all. */
function increment(config, lastByName, isSync) {
  const number = ++made[config];
  return (transaction) => {
    merged[config]++;
    expect(!isSync || merged[config] === number, `synchronous write ${number} ran as ${merged[config]}.`);
    expect(number > lastByName.number, `write ${number} ran after write ${lastByName.number}`);
    lastByName.number = number;
    const key = ['counts', name];
    transaction.set(key, (transaction.get(key) ?? 0) + 1);
    return number;
  };
}

const lastByNames = Array.from({ length: CONFIGS }, () => Array.from({ length: 3 }, () => ({ number: 0 })));
let flag = 0;

const forms = [
  (path, change) => updateConfig(path, change(false), options),
  (path, change) => new ConfigStore(path).update(change(false), options),
  (path, change) => {
    const run = change(true);
    let outcome;
    updateConfigSync(path, (transaction) => (outcome = run(transaction)), options);
    return outcome;
  },
  (path, change) => new ConfigStore(path).updateSync(change(true), options),
  (path) => setConfigValue(path, ['flags', name, `f${++flag}`], true, options),
  async (path) => {
    const key = ['flags', name, `g${++flag}`];
    const isSet = setConfigValue(path, key, true, options);
    expect(new ConfigStore(path).unsetSync(key, options), 'unsetSync() did not find the key of a pending set');
    await isSet;
  },
  async (path) => {
    const key = ['flags', name, `h${++flag}`];
    new ConfigStore(path).setSync(key, flag, options);
    expect(new ConfigStore(path).getSync(key) === flag, 'setSync() returned before its value was in the file');
    expect(await new ConfigStore(path).unset(key, options), 'unset() did not find the key');
  },
  (path) => lockSync(path.replace('file-', '').concat('.lock'), { timeout: 100_000 }).release(),
];

function call() {
  const config = random(CONFIGS);
  const alias = random(3);
  const form = forms[random(forms.length)];
  const change = (isSync) => increment(config, isSync ? { number: 0 } : lastByNames[config][alias], isSync);
  settled.push(form(pathOf(config, alias), change));
}

process.on('exit', (code) => {
  if (code !== 0) return;
  for (let config = 0; config < CONFIGS; config++) {
    new ConfigStore(pathOf(config, 1)).updateSync(increment(config, { number: 0 }, true), options);
  }
  expect(
    merged.every((count, config) => count === made[config]),
    `${merged} of ${made} writes ran`,
  );
  if (isMainThread) writeSync(1, `${JSON.stringify(made)}\n`);
  else parentPort.postMessage(made);
});
process.on('unhandledRejection', (error) => fail(error.stack));

(async () => {
  for (let number = 0; number < Number(calls); number++) {
    call();
    const pause = random(12);
    if (pause === 0) await Promise.all(settled.splice(0));
    else if (pause < 3) await new Promise(setImmediate);
    else if (pause < 4) await new Promise((resolve) => setTimeout(resolve, random(3)));
    else if (pause < 6) await null;
  }
  for (let number = 0; number < 10; number++) call();
  process.exit(0);
})();
