const { tryLock } = require('zjj/lock');

console.log(tryLock(process.argv[2]) === null ? 'excluded' : 'held');
