// Uses the package as a user does, through `import` and through `require`, and prints the results as JSON.

const { spawnSync } = require('node:child_process');
const { mkdtempSync, rmSync } = require('node:fs');
const { join } = require('node:path');

module.exports = async function use(imported, required) {
  const directory = mkdtempSync(join(process.cwd(), 'use-'));
  try {
    const results = { same: isSame(imported, required), ...useLock(imported, required, directory) };
    console.log(JSON.stringify({ ...results, ...(await useStore(imported, required, directory)) }));
  } finally {
    rmSync(directory, { recursive: true });
  }
};

/** Whether both entry points give `import` and `require` the same exports. */
function isSame(imported, required) {
  return (
    isEqual(imported.zjj, required.zjj) &&
    isEqual(required.zjj, imported.zjj) &&
    isEqual(imported.lock, required.lock) &&
    isEqual(required.lock, imported.lock) &&
    isEqual(imported.lock, imported.zjj)
  );
}

function isEqual(some, all) {
  // In CommonJS, Deno's import() adds these names.
  const names = Object.keys(some).filter((name) => name !== 'default' && name !== 'module.exports');
  return names.length > 0 && names.every((name) => some[name] === all[name]);
}

function useLock(imported, required, directory) {
  const path = join(directory, 'a.lock');
  const held = imported.zjj.lockSync(path);
  const results = { other: tryElsewhere(path) };
  try {
    // With one queue this is a deadlock. Two copies of the package would have a queue each, and wait for each other.
    required.lock.lockSync(path, { timeout: 2000 });
  } catch (error) {
    results.second = error.code;
    results.isZjjError = error instanceof imported.zjj.ZjjError;
  }
  held.release();
  return { ...results, otherAfterwards: tryElsewhere(path) };
}

/** Tries the lock in another process. Returns what it prints. */
function tryElsewhere(path) {
  const options = 'deno' in process.versions ? ['run', '-A'] : [];
  const { stdout, stderr } = spawnSync(process.execPath, [...options, join(__dirname, 'try.cjs'), path], {
    encoding: 'utf8',
  });
  return `${stdout}${stderr}`.trim();
}

async function useStore(imported, required, directory) {
  const path = join(directory, 'config.toml');
  await Promise.all([
    imported.zjj.setConfigValue(path, 'server.port', 8080),
    required.zjj.setConfigValue(path, 'server.host', 'localhost'),
  ]);
  return {
    port: await required.zjj.getConfigValue(path, 'server.port'),
    host: imported.zjj.getConfigValueSync(path, 'server.host'),
  };
}
