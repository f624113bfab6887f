// The stores, each used as its README describes. `open(directory)` returns `set(key, value)`, which is durable only if
// the library makes it so, and `read()`, which returns all stored values.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

export const { ConfigStore, getConfigValueSync, readConfigSync, setConfigValue, setConfigValueSync } = createRequire(
  import.meta.url,
)('../../dist/index.js');

export const zjj = {
  name: 'zjj',
  open(directory) {
    const path = configIn(directory);
    return { set: (key, value) => setConfigValue(path, key, value), read: () => readConfigSync(path) };
  },
};

export const zjjSync = {
  name: 'zjj, sync',
  open(directory) {
    const path = configIn(directory);
    return { set: (key, value) => setConfigValueSync(path, key, value), read: () => readConfigSync(path) };
  },
};

export const peers = [
  {
    name: 'conf',
    async open(directory) {
      const { default: Conf } = await import('conf');
      const conf = new Conf({ cwd: directory, configName: 'config' });
      return { set: (key, value) => conf.set(key, value), get: (key) => conf.get(key), read: () => conf.store };
    },
  },
  {
    name: 'configstore',
    async open(directory) {
      const { default: Configstore } = await import('configstore');
      const store = new Configstore('bench', {}, { configPath: join(directory, 'config.json') });
      return { set: (key, value) => store.set(key, value), get: (key) => store.get(key), read: () => store.all };
    },
  },
  {
    // The library only writes files. The caller reads and changes them.
    name: 'atomically',
    async open(directory) {
      const { writeFile } = await import('atomically');
      const path = join(directory, 'config.json');
      return {
        set: (key, value) => writeFile(path, JSON.stringify({ ...readJson(path), [key]: value })),
        read: () => readJson(path),
      };
    },
  },
  {
    name: 'write-file-atomic + proper-lockfile',
    async open(directory) {
      const { default: writeFileAtomic } = await import('write-file-atomic');
      const { default: lockfile } = await import('proper-lockfile');
      const path = join(directory, 'config.json');
      return {
        async set(key, value) {
          const release = await lockfile.lock(path, {
            realpath: false,
            retries: { retries: 100, minTimeout: 5, maxTimeout: 50 },
          });
          try {
            await writeFileAtomic(path, JSON.stringify({ ...readJson(path), [key]: value }));
          } finally {
            await release();
          }
        },
        read: () => readJson(path),
      };
    },
  },
];

export function findLibrary(name) {
  return [zjj, zjjSync, ...peers].find((library) => library.name === name);
}

export function configIn(directory) {
  return join(directory, 'config.toml');
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    return {};
  }
}
