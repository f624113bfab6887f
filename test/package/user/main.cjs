const required = { zjj: require('zjj'), lock: require('zjj/lock') };
const use = require('./use.cjs');

(async () => {
  await use({ zjj: await import('zjj'), lock: await import('zjj/lock') }, required);
})();
