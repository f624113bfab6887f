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

/** The next change, which there has to be. */
async function nextOf<T>(changes: AsyncIterator<ConfigChange<T>>): Promise<ConfigChange<T>> {
  const result = await changes.next();
  if (result.done) throw new Error('no more changes');
  return result.value;
}

/** From now on only what the system tells is seen: every poll would find it too, but later. */
function withoutPolling(path: string): void {
  onTestFinished(watchPath(path, { keepsAlive: false, look() {} }, 2 ** 31 - 1));
}

/** As an editor saves that replaces the file. */
function saveByRename(path: string, text: string): void {
  writeFileSync(`${path}~`, text);
  renameSync(`${path}~`, path);
}

/** Runs a script to its end in another process, with node:fs as `fs` and the config as `path`. */
async function elsewhere(path: string, script: string): Promise<void> {
  const child = Child.node(withPackage(`const fs = require('node:fs'), path = ${JSON.stringify(path)};\n${script}`));
  expect([await child.exit(), child.stderr]).toEqual([0, '']);
}

test('a watch gives each change by another process once, with the old and new config and the keys that differ', async () => {
  const path = configOf('a = 1\n\n[server]\nport = 80\nhost = "x"\n');
  withoutPolling(path);
  const changes = new ConfigStore(path).watch();
  await elsewhere(path, `await zjj.setConfigValue(path, 'server.port', 81);`);
  const first = await nextOf(changes);
  expect(first).toEqual({
    old: { a: 1, server: { port: 80, host: 'x' } },
    new: { a: 1, server: { port: 81, host: 'x' } },
    keys: [['server', 'port']],
  });
  await elsewhere(path, `fs.writeFileSync(path + '~', 'a = 2\\n[other]\\nb = 1\\n'); fs.renameSync(path + '~', path);`);
  const second = await nextOf(changes);
  expect(second).toEqual({ old: first.new, new: { a: 2, other: { b: 1 } }, keys: [['a'], ['server'], ['other']] });
  expect(second.old).toBe(first.new);
  await elsewhere(path, `fs.appendFileSync(path, 'c = 1979-05-27\\n');`);
  expect(await nextOf(changes)).toMatchObject({ old: second.new, keys: [['other', 'c']] });
  await changes.return?.();
});

test('a watch gives changes by this process, those that were made before the first next() too', async () => {
  const path = configPath();
  const store = new ConfigStore(path, { defaults: { a: 0 } as Record<string, number> });
  const changes = store.watch();
  await store.set('a', 1);
  expect(await nextOf(changes)).toEqual({ old: { a: 0 }, new: { a: 1 }, keys: [['a']] });
  store.setSync('b', 2);
  expect(await nextOf(changes)).toEqual({ old: { a: 1 }, new: { a: 1, b: 2 }, keys: [['b']] });
  await unsetConfigValue(path, 'a');
  expect(await nextOf(changes)).toEqual({ old: { a: 1, b: 2 }, new: { a: 0, b: 2 }, keys: [['a']] });
  await changes.return?.();
});

test('onChange calls its listener until it is disposed of, or its signal aborts', async () => {
  const path = configPath();
  const store = new ConfigStore(path);
  const controller = new AbortController();
  const seen: unknown[] = [];
  const aborted: unknown[] = [];
  const subscription = store.onChange((change) => seen.push(change));
  store.onChange((change) => aborted.push(change), { signal: controller.signal });
  const changes = store.watch();
  await setConfigValue(path, 'a', 1);
  await nextOf(changes);
  controller.abort();
  await setConfigValue(path, 'a', 2);
  await nextOf(changes);
  subscription[Symbol.dispose]();
  subscription[Symbol.dispose]();
  await setConfigValue(path, 'a', 3);
  await nextOf(changes);
  const first = { old: {}, new: { a: 1 }, keys: [['a']] };
  expect([seen, aborted]).toEqual([[first, { old: { a: 1 }, new: { a: 2 }, keys: [['a']] }], [first]]);
  await changes.return?.();
});

describe('a watch sees', () => {
  /** What is stored, where only the values matter. */
  const newOf = async (changes: AsyncIterator<ConfigChange<TomlTable>>) => (await nextOf(changes)).new;

  test('a config that is made, removed and made again', async () => {
    const path = configPath();
    withoutPolling(path);
    const changes = new ConfigStore(path).watch();
    await setConfigValue(path, 'a', 1);
    expect(await newOf(changes)).toEqual({ a: 1 });
    unlinkSync(path);
    expect(await newOf(changes)).toEqual({});
    writeFileSync(path, 'a = 2\n');
    expect(await newOf(changes)).toEqual({ a: 2 });
    await changes.return?.();
  });

  test('a config whose directory is made, removed and made again', async () => {
    const path = join(temporaryDirectory(), 'a', 'b', 'config.toml');
    withoutPolling(path);
    const changes = new ConfigStore(path).watch();
    await setConfigValue(path, 'a', 1);
    expect(await newOf(changes)).toEqual({ a: 1 });
    rmSync(dirname(dirname(path)), { recursive: true });
    expect(await newOf(changes)).toEqual({});
    await setConfigValue(path, 'a', 2);
    expect(await newOf(changes)).toEqual({ a: 2 });
    await changes.return?.();
  });

  test('a config whose directories are made while it is looked for', async () => {
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
      withoutPolling(path);
      const changes = new ConfigStore(path).watch();
      maker.write(path);
      expect(await newOf(changes)).toEqual({ a: 1 });
      await changes.return?.();
    }
  });

  test('a config whose directory was replaced at once, by one that looks like it', async () => {
    const path = join(temporaryDirectory(), 'a', 'config.toml');
    mkdirSync(dirname(path));
    withoutPolling(path);
    const changes = new ConfigStore(path).watch();
    const looked = new Promise<void>((resolve) => {
      onTestFinished(watchPath(path, { keepsAlive: false, look: resolve }));
    });
    rmdirSync(dirname(path));
    // ext4 gives it the same inode number.
    mkdirSync(dirname(path));
    await looked;
    await setConfigValue(path, 'a', 1);
    expect(await newOf(changes)).toEqual({ a: 1 });
    await changes.return?.();
  });

  test('what a symbolic link leads to change, and the link led elsewhere', async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'links', 'config.toml');
    for (const name of ['links', 'one', 'two']) mkdirSync(join(directory, name));
    writeFileSync(join(directory, 'one', 'real.toml'), 'a = 1\n');
    writeFileSync(join(directory, 'two', 'real.toml'), 'a = 10\n');
    symlinkSync('../one/real.toml', path);
    withoutPolling(path);
    const changes = new ConfigStore(path).watch();
    await setConfigValue(path, 'a', 2);
    expect(await newOf(changes)).toEqual({ a: 2 });
    symlinkSync('../two/real.toml', `${path}~`);
    renameSync(`${path}~`, path);
    expect(await newOf(changes)).toEqual({ a: 10 });
    saveByRename(join(directory, 'two', 'real.toml'), 'a = 11\n');
    expect(await newOf(changes)).toEqual({ a: 11 });
    await changes.return?.();
  });

  test('a link that led to nothing lead to something', async () => {
    const directory = temporaryDirectory();
    symlinkSync('later/config.toml', join(directory, 'config.toml'));
    withoutPolling(join(directory, 'config.toml'));
    const changes = new ConfigStore(join(directory, 'config.toml')).watch();
    mkdirSync(join(directory, 'later'));
    writeFileSync(join(directory, 'later', 'config.toml'), 'a = 1\n');
    expect(await newOf(changes)).toEqual({ a: 1 });
    await changes.return?.();
  });

  test('a directory swapped by its link, as Kubernetes mounts configs', async () => {
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
    withoutPolling(join(directory, 'config.toml'));
    const changes = new ConfigStore(join(directory, 'config.toml')).watch();
    symlinkSync('..2', join(directory, '..data~'));
    renameSync(join(directory, '..data~'), join(directory, '..data'));
    expect(await newOf(changes)).toEqual({ a: 2 });
    writeFileSync(join(directory, '..2', 'config.toml'), 'a = 3\n');
    expect(await newOf(changes)).toEqual({ a: 3 });
    await changes.return?.();
  });

  test('a directory far above replaced, though no watched directory tells', async () => {
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
    expect(await newOf(changes)).toEqual({ a: 2 });
    await setConfigValue(path, 'a', 3);
    expect(await newOf(changes)).toEqual({ a: 3 });
    await changes.return?.();
  });
});

test('quick changes may come as one, but old and new always chain, and the last state always comes', async () => {
  const path = configOf('count = 0\n');
  withoutPolling(path);
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
  // Begun at any moment of the writing: none may miss what comes after.
  const watches: Promise<void>[] = [];
  for await (const _ of store.watch()) {
    watches.push(follow());
    if (watches.length === 20) break;
  }
  writer.write('end');
  await Promise.all(watches);
  expect([await writer.exit(), writer.stderr]).toEqual([0, '']);
});

test('what was changed and changed back before it was taken is no change', async () => {
  const path = configOf('a = 1\n');
  const store = new ConfigStore(path);
  const changes = store.watch();
  const others = store.watch();
  for (const value of [2, 1]) {
    await setConfigValue(path, 'a', value);
    // Told after the first, so that has seen it too.
    await nextOf(others);
  }
  await setConfigValue(path, 'b', 1);
  await nextOf(others);
  expect(await nextOf(changes)).toEqual({ old: { a: 1 }, new: { a: 1, b: 1 }, keys: [['b']] });
  for (const watch of [changes, others]) await watch.return?.();
});

test('comments, layout and other ways to write the same value are no change', async () => {
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
  const change = await nextOf(changes);
  expect(change).toEqual({ old: before, new: { a: 17, b: [1, 2] }, keys: [['a']] });
  await changes.return?.();
});

describe('a state that cannot be read', () => {
  test('is passed over, onError is told of it once, and the next change is from the last good one', async () => {
    const path = configOf('port = 1\n');
    const store = new ConfigStore(path, { schema: z.object({ port: z.number() }) });
    const errors: unknown[] = [];
    let wake = () => {};
    const onError = (error: unknown) => {
      errors.push(error);
      wake();
    };
    const told = () =>
      new Promise<void>((resolve) => {
        wake = resolve;
      });
    const changes = store.watch({ onError });
    const silent = store.watch();
    let waiting = told();
    saveByRename(path, 'port = \n');
    await waiting;
    waiting = told();
    saveByRename(path, 'port = "x"\n');
    await waiting;
    waiting = told();
    unlinkSync(path);
    await waiting;
    waiting = told();
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
    expect([await nextOf(changes), await nextOf(silent)]).toEqual([change, change]);
    expect(errors).toHaveLength(4);
    for (const watch of [changes, silent]) await watch.return?.();
  });

  test('is not told of again while it is the same', async () => {
    const [path, other] = [configOf(''), configOf('')];
    const errors: unknown[] = [];
    const changes = new ConfigStore(path).watch({ onError: (error) => errors.push(error) });
    const failureOf = (broken: string, text: string) =>
      new Promise((resolve) => {
        const subscription = new ConfigStore(broken).onChange(() => {}, { onError: resolve });
        onTestFinished(() => subscription[Symbol.dispose]());
        saveByRename(broken, text);
      });
    await failureOf(path, 'a = ');
    const looked = new Promise<void>((resolve) => {
      onTestFinished(watchPath(path, { keepsAlive: false, look: resolve }));
    });
    saveByRename(path, 'a = ');
    await looked;
    // It takes as long as the same would have taken for the first.
    await failureOf(other, 'b = ');
    expect(errors).toMatchObject([{ code: 'CONFIG_PARSE', path }]);
    await changes.return?.();
  });

  test('makes watch and onChange throw when they begin, and leave nothing', async () => {
    const path = configOf('a = \n');
    const store = new ConfigStore(path);
    expect(() => store.watch()).toThrow(expect.objectContaining({ code: 'CONFIG_PARSE' }));
    expect(() => store.onChange(() => {})).toThrow(expect.objectContaining({ code: 'CONFIG_PARSE' }));
    expect(() => store.onChange(undefined as never)).toThrow(TypeError);
  });

  test('is given a moment, for an editor may be saving it', async () => {
    const path = configOf('a = 1\n');
    const store = new ConfigStore(path);
    const changes = store.watch({ onError: (error) => seen.push(error) });
    const seen: unknown[] = [];
    const halves = ['', undefined, 'a = ', 'a = 2\n'];
    const save = () => {
      if (halves.length === 0) return;
      // As on a busy machine: the moment is over before the last save is heard of.
      if (halves.length === 1) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 150);
      const next = halves.shift();
      if (next === undefined) unlinkSync(path);
      else writeFileSync(path, next);
    };
    // Asked after the watch, which then has seen the half before.
    const end = watchPath(path, { keepsAlive: false, look: save });
    save();
    seen.push(await nextOf(changes));
    end();
    expect(seen).toEqual([{ old: { a: 1 }, new: { a: 2 }, keys: [['a']] }]);
    await changes.return?.();
  });
});

describe('a watch ends', () => {
  test('with its signal: next() rejects with the reason, once', async () => {
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

  test('with its signal also when nobody waits, and when it is aborted already', async () => {
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

  test('with return(), which ends a next() that waits', async () => {
    const changes = new ConfigStore(configPath()).watch();
    const waiting = changes.next();
    expect([await changes.return?.(), await waiting, await changes.next()]).toEqual(
      Array.from({ length: 3 }, () => ({ done: true, value: undefined })),
    );
  });

  test('with await using', async () => {
    const changes = new ConfigStore(configPath()).watch();
    await changes[Symbol.asyncDispose]();
    expect(await changes.next()).toEqual({ done: true, value: undefined });
  });
});
