import { mkdirSync, renameSync, rmdirSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { watchPath } from '../../../src/config/watch/watched-path.js';
import {
  type ConfigChange,
  ConfigStore,
  setConfigValue,
  type TomlTable,
  unsetConfigValue,
} from '../../../src/index.js';
import { withPackage } from '../../support/package/dist.js';
import { Child } from '../../support/process/child.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const configPath = () => join(temporaryDirectory(), 'config.toml');

function configOf(text: string): string {
  const path = configPath();
  writeFileSync(path, text);
  return path;
}

/** Takes the next change. Throws if the watch has ended. */
async function nextChange<T>(changes: AsyncIterator<ConfigChange<T>>): Promise<ConfigChange<T>> {
  const result = await changes.next();
  if (result.done) throw new Error('no more changes');
  return result.value;
}

/** Keeps later watches of a path from polling. A poll finds every change eventually, and would hide a missing event. */
function disablePolling(path: string): void {
  onTestFinished(watchPath(path, { keepsAlive: false, look() {} }, 2 ** 31 - 1));
}

/** Saves like an editor that replaces the file. */
function saveByRename(path: string, text: string): void {
  writeFileSync(`${path}~`, text);
  renameSync(`${path}~`, path);
}

/** Runs a script to its end in another process, with node:fs as `fs` and the config as `path`. */
async function runElsewhere(path: string, script: string): Promise<void> {
  const child = Child.node(withPackage(`const fs = require('node:fs'), path = ${JSON.stringify(path)};\n${script}`));
  expect([await child.exit(), child.stderr]).toEqual([0, '']);
}

test('a watch yields each change by another process once, with both configs and the changed keys', async () => {
  const path = configOf('a = 1\n\n[server]\nport = 80\nhost = "x"\n');
  disablePolling(path);
  const changes = new ConfigStore(path).watch();
  await runElsewhere(path, `await zjj.setConfigValue(path, 'server.port', 81);`);
  const first = await nextChange(changes);
  expect(first).toEqual({
    old: { a: 1, server: { port: 80, host: 'x' } },
    new: { a: 1, server: { port: 81, host: 'x' } },
    keys: [['server', 'port']],
  });
  await runElsewhere(
    path,
    `fs.writeFileSync(path + '~', 'a = 2\\n[other]\\nb = 1\\n'); fs.renameSync(path + '~', path);`,
  );
  const second = await nextChange(changes);
  expect(second).toEqual({ old: first.new, new: { a: 2, other: { b: 1 } }, keys: [['a'], ['server'], ['other']] });
  expect(second.old).toBe(first.new);
  await runElsewhere(path, `fs.appendFileSync(path, 'c = 1979-05-27\\n');`);
  expect(await nextChange(changes)).toMatchObject({ old: second.new, keys: [['other', 'c']] });
  await changes.return?.();
});

test('a watch yields changes by this process, including those before the first next()', async () => {
  const path = configPath();
  const store = new ConfigStore(path, { defaults: { a: 0 } as Record<string, number> });
  const changes = store.watch();
  await store.set('a', 1);
  expect(await nextChange(changes)).toEqual({ old: { a: 0 }, new: { a: 1 }, keys: [['a']] });
  store.setSync('b', 2);
  expect(await nextChange(changes)).toEqual({ old: { a: 1 }, new: { a: 1, b: 2 }, keys: [['b']] });
  await unsetConfigValue(path, 'a');
  expect(await nextChange(changes)).toEqual({ old: { a: 1, b: 2 }, new: { a: 0, b: 2 }, keys: [['a']] });
  await changes.return?.();
});

test('onChange calls its listener until it is disposed or its signal aborts', async () => {
  const path = configPath();
  const store = new ConfigStore(path);
  const controller = new AbortController();
  const seen: unknown[] = [];
  const aborted: unknown[] = [];
  const subscription = store.onChange((change) => seen.push(change));
  store.onChange((change) => aborted.push(change), { signal: controller.signal });
  const changes = store.watch();
  await setConfigValue(path, 'a', 1);
  await nextChange(changes);
  controller.abort();
  await setConfigValue(path, 'a', 2);
  await nextChange(changes);
  subscription[Symbol.dispose]();
  subscription[Symbol.dispose]();
  await setConfigValue(path, 'a', 3);
  await nextChange(changes);
  const first = { old: {}, new: { a: 1 }, keys: [['a']] };
  expect([seen, aborted]).toEqual([[first, { old: { a: 1 }, new: { a: 2 }, keys: [['a']] }], [first]]);
  await changes.return?.();
});

describe('a watch sees', () => {
  /** The new config of the next change. */
  const nextConfig = async (changes: AsyncIterator<ConfigChange<TomlTable>>) => (await nextChange(changes)).new;

  test('a config that is created, removed and created again', async () => {
    const path = configPath();
    disablePolling(path);
    const changes = new ConfigStore(path).watch();
    await setConfigValue(path, 'a', 1);
    expect(await nextConfig(changes)).toEqual({ a: 1 });
    unlinkSync(path);
    expect(await nextConfig(changes)).toEqual({});
    writeFileSync(path, 'a = 2\n');
    expect(await nextConfig(changes)).toEqual({ a: 2 });
    await changes.return?.();
  });

  test('a config whose directory is created, removed and created again', async () => {
    const path = join(temporaryDirectory(), 'a', 'b', 'config.toml');
    disablePolling(path);
    const changes = new ConfigStore(path).watch();
    await setConfigValue(path, 'a', 1);
    expect(await nextConfig(changes)).toEqual({ a: 1 });
    rmSync(dirname(dirname(path)), { recursive: true });
    expect(await nextConfig(changes)).toEqual({});
    await setConfigValue(path, 'a', 2);
    expect(await nextConfig(changes)).toEqual({ a: 2 });
    await changes.return?.();
  });

  test('a config whose directories are created while the watch looks for it', async () => {
    const directory = temporaryDirectory();
    const maker = Child.node([
      '-e',
      `const fs = require('node:fs'), { dirname } = require('node:path');
       require('node:readline').createInterface({ input: process.stdin }).on('line', (path) => {
         fs.mkdirSync(dirname(path), { recursive: true });
         fs.writeFileSync(path, 'a = 1\\n');
       });`,
    ]);
    for (let round = 0; round < 50; round++) {
      const path = join(directory, `${round}`, ...'abcdefghijkl', 'config.toml');
      disablePolling(path);
      const changes = new ConfigStore(path).watch();
      maker.write(path);
      expect(await nextConfig(changes)).toEqual({ a: 1 });
      await changes.return?.();
    }
  });

  test('a config whose directory was replaced by one with the same inode number', async () => {
    const path = join(temporaryDirectory(), 'a', 'config.toml');
    mkdirSync(dirname(path));
    disablePolling(path);
    const changes = new ConfigStore(path).watch();
    const looked = new Promise<void>((resolve) => {
      onTestFinished(watchPath(path, { keepsAlive: false, look: resolve }));
    });
    rmdirSync(dirname(path));
    // ext4 reuses the inode number.
    mkdirSync(dirname(path));
    await looked;
    await setConfigValue(path, 'a', 1);
    expect(await nextConfig(changes)).toEqual({ a: 1 });
    await changes.return?.();
  });

  test('changes of the target of a symbolic link, and of the link itself', async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'links', 'config.toml');
    for (const name of ['links', 'one', 'two']) mkdirSync(join(directory, name));
    writeFileSync(join(directory, 'one', 'real.toml'), 'a = 1\n');
    writeFileSync(join(directory, 'two', 'real.toml'), 'a = 10\n');
    symlinkSync('../one/real.toml', path);
    disablePolling(path);
    const changes = new ConfigStore(path).watch();
    await setConfigValue(path, 'a', 2);
    expect(await nextConfig(changes)).toEqual({ a: 2 });
    symlinkSync('../two/real.toml', `${path}~`);
    renameSync(`${path}~`, path);
    expect(await nextConfig(changes)).toEqual({ a: 10 });
    saveByRename(join(directory, 'two', 'real.toml'), 'a = 11\n');
    expect(await nextConfig(changes)).toEqual({ a: 11 });
    await changes.return?.();
  });

  test('the creation of the target of a dangling link', async () => {
    const directory = temporaryDirectory();
    symlinkSync('later/config.toml', join(directory, 'config.toml'));
    disablePolling(join(directory, 'config.toml'));
    const changes = new ConfigStore(join(directory, 'config.toml')).watch();
    mkdirSync(join(directory, 'later'));
    writeFileSync(join(directory, 'later', 'config.toml'), 'a = 1\n');
    expect(await nextConfig(changes)).toEqual({ a: 1 });
    await changes.return?.();
  });

  test('a link to a directory that is replaced, as Kubernetes updates mounted configs', async () => {
    const directory = temporaryDirectory();
    for (const [name, text] of [
      ['..1', 'a = 1\n'],
      ['..2', 'a = 2\n'],
    ] as const) {
      mkdirSync(join(directory, name));
      writeFileSync(join(directory, name, 'config.toml'), text);
    }
    symlinkSync('..1', join(directory, '..data'));
    symlinkSync('..data/config.toml', join(directory, 'config.toml'));
    disablePolling(join(directory, 'config.toml'));
    const changes = new ConfigStore(join(directory, 'config.toml')).watch();
    symlinkSync('..2', join(directory, '..data~'));
    renameSync(join(directory, '..data~'), join(directory, '..data'));
    expect(await nextConfig(changes)).toEqual({ a: 2 });
    writeFileSync(join(directory, '..2', 'config.toml'), 'a = 3\n');
    expect(await nextConfig(changes)).toEqual({ a: 3 });
    await changes.return?.();
  });

  test('a replaced directory far above the config, for which the system reports no event', async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'old', 'a', 'b', 'config.toml');
    for (const [name, value] of [
      ['old', 1],
      ['new', 2],
    ] as const) {
      await setConfigValue(join(directory, name, 'a', 'b', 'config.toml'), 'a', value);
    }
    const changes = new ConfigStore(path).watch();
    renameSync(join(directory, 'old'), join(directory, 'older'));
    renameSync(join(directory, 'new'), join(directory, 'old'));
    expect(await nextConfig(changes)).toEqual({ a: 2 });
    await setConfigValue(path, 'a', 3);
    expect(await nextConfig(changes)).toEqual({ a: 3 });
    await changes.return?.();
  });
});

test('quick changes can be merged, but each old is the previous new, and the last state always arrives', async () => {
  const path = configOf('count = 0\n');
  disablePolling(path);
  const store = new ConfigStore<{ count: number; last?: boolean }>(path);
  const writer = Child.node(
    withPackage(`
      const path = ${JSON.stringify(path)};
      let isOver = false;
      process.stdin.once('data', () => {
        isOver = true;
        process.stdin.destroy();
      });
      for (let count = 1; !isOver; count++) await zjj.setConfigValue(path, 'count', count);
      await zjj.setConfigValue(path, 'last', true);`),
  );
  const follow = async () => {
    const before = store.allSync().count;
    let last: { readonly count: number } | undefined;
    for await (const change of store.watch()) {
      if (last === undefined) expect(change.old.count).toBeGreaterThanOrEqual(before);
      else expect(change.old).toBe(last);
      last = change.new;
      if (change.new.last) return;
      expect(change.new.count).toBeGreaterThan(change.old.count);
    }
  };
  // The watches begin at arbitrary moments between writes. None may miss a later change.
  const watches: Promise<void>[] = [];
  for await (const _ of store.watch()) {
    watches.push(follow());
    if (watches.length === 20) break;
  }
  writer.write('end');
  await Promise.all(watches);
  expect([await writer.exit(), writer.stderr]).toEqual([0, '']);
});

test('a change that is reverted before it is taken is not reported', async () => {
  const path = configOf('a = 1\n');
  const store = new ConfigStore(path);
  const changes = store.watch();
  const others = store.watch();
  for (const value of [2, 1]) {
    await setConfigValue(path, 'a', value);
    // This watch is notified after the first, so the first has seen the change too.
    await nextChange(others);
  }
  await setConfigValue(path, 'b', 1);
  await nextChange(others);
  expect(await nextChange(changes)).toEqual({ old: { a: 1 }, new: { a: 1, b: 1 }, keys: [['b']] });
  for (const watch of [changes, others]) await watch.return?.();
});

test('a change of comments, layout or notation is not reported', async () => {
  const path = configOf('a = 16\nb = [1, 2]\n');
  const store = new ConfigStore(path);
  const changes = store.watch();
  const before = await store.all();
  const seen = new Promise<void>((resolve) => {
    onTestFinished(watchPath(path, { keepsAlive: false, look: resolve }));
  });
  saveByRename(path, '# new\nb = [\n  1,\n  2,\n]\na = 0x10\n');
  await seen;
  saveByRename(path, 'a = 17\nb = [1, 2]\n');
  const change = await nextChange(changes);
  expect(change).toEqual({ old: before, new: { a: 17, b: [1, 2] }, keys: [['a']] });
  await changes.return?.();
});

describe('an unreadable config', () => {
  test('is reported to onError once, and the next change starts from the last valid config', async () => {
    const path = configOf('port = 1\n');
    const store = new ConfigStore(path, { schema: z.object({ port: z.number() }) });
    const errors: unknown[] = [];
    let wake = () => {};
    const onError = (error: unknown) => {
      errors.push(error);
      wake();
    };
    const nextError = () =>
      new Promise<void>((resolve) => {
        wake = resolve;
      });
    const changes = store.watch({ onError });
    const silent = store.watch();
    let waiting = nextError();
    saveByRename(path, 'port = \n');
    await waiting;
    waiting = nextError();
    saveByRename(path, 'port = "x"\n');
    await waiting;
    waiting = nextError();
    unlinkSync(path);
    await waiting;
    waiting = nextError();
    mkdirSync(path);
    await waiting;
    expect(errors).toMatchObject([
      { code: 'CONFIG_PARSE', path },
      { code: 'CONFIG_INVALID', path, issues: [{ path: ['port'] }] },
      { code: 'CONFIG_INVALID', path },
      { code: 'CONFIG_READ', path },
    ]);
    rmSync(path, { recursive: true });
    saveByRename(path, 'port = 2\n');
    const change = { old: { port: 1 }, new: { port: 2 }, keys: [['port']] };
    expect([await nextChange(changes), await nextChange(silent)]).toEqual([change, change]);
    expect(errors).toHaveLength(4);
    for (const watch of [changes, silent]) await watch.return?.();
  });

  test('is not reported again while it stays the same', async () => {
    const [path, other] = [configOf(''), configOf('')];
    const errors: unknown[] = [];
    const changes = new ConfigStore(path).watch({ onError: (error) => errors.push(error) });
    const breakConfig = (broken: string, text: string) =>
      new Promise((resolve) => {
        const subscription = new ConfigStore(broken).onChange(() => {}, { onError: resolve });
        onTestFinished(() => subscription[Symbol.dispose]());
        saveByRename(broken, text);
      });
    await breakConfig(path, 'a = ');
    const looked = new Promise<void>((resolve) => {
      onTestFinished(watchPath(path, { keepsAlive: false, look: resolve }));
    });
    saveByRename(path, 'a = ');
    await looked;
    // A second report for the first file would have come by now.
    await breakConfig(other, 'b = ');
    expect(errors).toMatchObject([{ code: 'CONFIG_PARSE', path }]);
    await changes.return?.();
  });

  test('makes watch and onChange throw at once', async () => {
    const path = configOf('a = \n');
    const store = new ConfigStore(path);
    expect(() => store.watch()).toThrow(expect.objectContaining({ code: 'CONFIG_PARSE' }));
    expect(() => store.onChange(() => {})).toThrow(expect.objectContaining({ code: 'CONFIG_PARSE' }));
    expect(() => store.onChange(undefined as never)).toThrow(TypeError);
  });

  test('is not reported for 100 ms, because an editor may be saving the file', async () => {
    // A round counts only if the process got enough CPU time to save within the 100 ms.
    for (let isInTime = false; !isInTime; ) {
      const path = configOf('a = 1\n');
      const seen: unknown[] = [];
      const changes = new ConfigStore(path).watch({ onError: (error) => seen.push(error) });
      const saves = ['', undefined, 'a = ', 'a = 2\n'];
      const start = performance.now();
      const save = () => {
        if (saves.length === 0) return;
        if (saves.length === 1) {
          isInTime = performance.now() - start < 90;
          // The 100 ms end before the watch hears of the last save.
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 150);
        }
        const next = saves.shift();
        if (next === undefined) unlinkSync(path);
        else writeFileSync(path, next);
      };
      // This listener runs after the listener of the watch, which has then seen the previous save.
      const end = watchPath(path, { keepsAlive: false, look: save });
      save();
      seen.push(await nextChange(changes));
      end();
      await changes.return?.();
      if (isInTime) expect(seen).toEqual([{ old: { a: 1 }, new: { a: 2 }, keys: [['a']] }]);
    }
  });
});

describe('a watch ends', () => {
  test('when its signal aborts: one next() rejects with the reason', async () => {
    const store = new ConfigStore(configPath());
    const controller = new AbortController();
    const changes = store.watch({ signal: controller.signal });
    const waiting = changes.next();
    const second = changes.next();
    controller.abort('enough');
    await expect(waiting).rejects.toBe('enough');
    expect([await second, await changes.next()]).toEqual([
      { done: true, value: undefined },
      { done: true, value: undefined },
    ]);
  });

  test('when its signal aborts without a waiting next(), or has aborted before', async () => {
    const store = new ConfigStore(configPath());
    const controller = new AbortController();
    const begun = store.watch({ signal: controller.signal });
    await store.set(['a'], 1);
    controller.abort('enough');
    for (const changes of [begun, store.watch({ signal: controller.signal })]) {
      await expect(changes.next()).rejects.toBe('enough');
      expect(await changes.next()).toEqual({ done: true, value: undefined });
    }
    const take = async () => {
      for await (const _ of store.watch({ signal: controller.signal })) break;
    };
    await expect(take()).rejects.toBe('enough');
  });

  test('at return(), which ends a waiting next()', async () => {
    const changes = new ConfigStore(configPath()).watch();
    const waiting = changes.next();
    expect([await changes.return?.(), await waiting, await changes.next()]).toEqual(
      Array.from({ length: 3 }, () => ({ done: true, value: undefined })),
    );
  });

  test('when it is disposed, as by await using', async () => {
    const changes = new ConfigStore(configPath()).watch();
    await changes[Symbol.asyncDispose]();
    expect(await changes.next()).toEqual({ done: true, value: undefined });
  });
});
