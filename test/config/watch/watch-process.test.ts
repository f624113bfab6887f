import { existsSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { setConfigValue } from '../../../src/index.js';
import { withPackage } from '../../support/package/dist.js';
import { Child } from '../../support/process/child.js';
import { requires } from '../../support/requires/requires.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

function configPath(): string {
  const path = join(temporaryDirectory(), 'config.toml');
  writeFileSync(path, 'a = 1\n');
  return path;
}

function saveByRename(path: string, text: string): void {
  writeFileSync(`${path}~`, text);
  renameSync(`${path}~`, path);
}

const storeScript = (path: string, script: string) =>
  withPackage(`const store = new zjj.ConfigStore(${JSON.stringify(path)});\n${script}`);

/** Source text of a function that counts the inotify watches of its process: proc_pid_fdinfo(5). */
const countWatches = `
  const fs = require('node:fs');
  const countWatches = () => fs.readdirSync('/proc/self/fdinfo').reduce((count, fd) => {
    try {
      return count + (fs.readFileSync('/proc/self/fdinfo/' + fd, 'utf8').match(/^inotify wd:/gm) ?? []).length;
    } catch {
      return count;
    }
  }, 0);`;
const hasFdinfo = existsSync('/proc/self/fdinfo');

test('a watch keeps its process alive, onChange does not', async () => {
  const path = configPath();
  const listening = Child.node(storeScript(path, `store.onChange(() => {}); console.log('listens');`));
  expect(await listening.line()).toBe('listens');
  expect(await listening.exit()).toBe(0);
  const watching = Child.node(
    storeScript(
      path,
      `
      store.onChange(() => {})[Symbol.dispose]();
      process.on('beforeExit', () => console.log('idle'));
      const changes = store.watch();
      console.log('watches');
      console.log(JSON.stringify((await changes.next()).value));
      store.onChange(() => {});
      await changes.return();`,
    ),
  );
  expect(await watching.line()).toBe('watches');
  await setConfigValue(path, 'a', 2);
  expect(await watching.line()).toBe('{"old":{"a":1},"new":{"a":2},"keys":[["a"]]}');
  expect(await watching.line()).toBe('idle');
  expect(await watching.exit()).toBe(0);
});

test.runIf(hasFdinfo)(
  'all watches of a path share one inotify watch and close it at the end (needs /proc)',
  async () => {
    const path = configPath();
    const child = Child.node(
      storeScript(
        path,
        `${countWatches}
      const controller = new AbortController();
      const counts = [countWatches()];
      const subscriptions = Array.from({ length: 50 }, () => store.onChange(() => {}));
      store.onChange(() => {}, { signal: controller.signal });
      const aborted = store.watch({ signal: controller.signal });
      const changes = store.watch();
      const watchers = process.getActiveResourcesInfo().filter((name) => name === 'FSEventWrap').length;
      counts.push(countWatches());
      await store.set('a', 2);
      await changes.next();
      counts.push(countWatches());
      controller.abort('enough');
      await aborted.next().catch(() => {});
      for (const subscription of subscriptions) subscription[Symbol.dispose]();
      counts.push(countWatches());
      await changes.return();
      fs.writeFileSync(store.path, 'a = ');
      try {
        store.watch();
      } catch {}
      counts.push(countWatches());
      console.log(counts.join(), watchers);`,
      ),
    );
    expect(await child.line()).toBe('0,1,1,1,0 1');
    expect(await child.exit()).toBe(0);
  },
);

test.runIf(hasFdinfo)(
  'a directory is no longer watched once the path no longer leads through it (needs /proc)',
  async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'config.toml');
    for (const name of ['0', '1', '2']) {
      mkdirSync(join(directory, name));
      writeFileSync(join(directory, name, 'real.toml'), `a = ${name}\n`);
    }
    symlinkSync('0/real.toml', path);
    const child = Child.node(
      storeScript(
        path,
        `${countWatches}
      const changes = store.watch();
      const counts = [countWatches()];
      for (const name of ['1', '2']) {
        fs.symlinkSync(name + '/real.toml', store.path + '~');
        fs.renameSync(store.path + '~', store.path);
        await changes.next();
        counts.push(countWatches());
      }
      await changes.return();
      console.log(counts.join());`,
      ),
    );
    expect(await child.line()).toBe('2,2,2');
    expect(await child.exit()).toBe(0);
  },
);

test('an error thrown by a listener is an uncaught exception, and the other listeners are still called', async () => {
  const path = configPath();
  const child = Child.node(
    storeScript(
      path,
      `
      process.on('uncaughtException', (error) => console.log(error.message));
      store.onChange(() => { throw new Error('mine'); });
      store.watch({ onError() { throw new Error('from onError'); } });
      store.onChange(({ new: config }) => console.log(config.a));
      console.log('listens');
      process.stdin.once('data', () => process.exit());`,
    ),
  );
  expect(await child.line()).toBe('listens');
  await setConfigValue(path, 'a', 2);
  expect([await child.line(), await child.line()].sort()).toEqual(['2', 'mine']);
  saveByRename(path, 'a = ');
  expect(await child.line()).toBe('from onError');
  saveByRename(path, 'a = 3\n');
  expect([await child.line(), await child.line()].sort()).toEqual(['3', 'mine']);
  child.write('end');
});

test('changes are seen even if the system allows no more inotify watches (needs strace)', async (context) => {
  requires(context, ['strace']);
  const path = configPath();
  const log = join(temporaryDirectory(), 'strace');
  const [command, ...args] = [
    'strace',
    ...['-f', '-o', log, '-e', 'trace=inotify_add_watch', '-e', 'inject=inotify_add_watch:error=ENOSPC'],
    process.execPath,
    ...storeScript(
      path,
      `
      const changes = store.watch();
      console.log('watches');
      for (let count = 0; count < 2; count++) console.log(JSON.stringify((await changes.next()).value.new));
      await changes.return();`,
    ),
  ] as const;
  const child = new Child(command, args);
  expect(await child.line()).toBe('watches');
  await setConfigValue(path, 'a', 2);
  expect(await child.line()).toBe('{"a":2}');
  await setConfigValue(path, 'a', 3);
  expect(await child.line()).toBe('{"a":3}');
  expect(await child.exit()).toBe(0);
  expect(readFileSync(log, 'utf8')).toMatch(/ENOSPC .*\(INJECTED\)/);
});
