import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  readConfig,
  setConfigValue,
  setConfigValueSync,
  TomlDateTime,
  TomlLiteral,
  unsetConfigValue,
  updateConfig,
} from '../../../src/index.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const configPath = () => join(temporaryDirectory(), 'config.toml');

describe('a set', () => {
  test('changes no byte except the value', async () => {
    const path = configPath();
    const text = "\uFEFF# mine\r\n\r\n[server]  # here\r\n\tport = 8080   # the port\r\nname = 'x'";
    writeFileSync(path, text);
    await setConfigValue(path, 'server.port', 8081);
    expect(readFileSync(path, 'utf8')).toBe(text.replace('8080', '8081'));
  });

  test('of the stored value does not replace the file', async () => {
    const path = configPath();
    writeFileSync(path, 'port = 0x1F90\n');
    const before = statSync(path, { bigint: true });
    await setConfigValue(path, 'port', 8080);
    setConfigValueSync(path, 'port', 8080);
    expect(await unsetConfigValue(path, 'host')).toBe(false);
    const after = statSync(path, { bigint: true });
    expect([after.ino, after.mtimeNs, after.ctimeNs]).toEqual([before.ino, before.mtimeNs, before.ctimeNs]);
  });
});

test('an unset without a config creates nothing', async () => {
  const directory = temporaryDirectory();
  expect(await unsetConfigValue(join(directory, 'new', 'config.toml'), 'a')).toBe(false);
  expect(readdirSync(directory)).toEqual([]);
});

test('TOML 1.0 readers can read what a set writes', async () => {
  const path = configPath();
  await updateConfig(path, (transaction) => {
    transaction.set('time', new TomlLiteral('07:32'));
    transaction.set('when', TomlDateTime.parse('1979-05-27 07:32Z'));
    transaction.set('table', new TomlLiteral('{ a = 1, # one\n  b = [07:32], }'));
    transaction.set('text', new TomlLiteral('"\\e[0m \\x41"'));
    transaction.set('kept', new TomlLiteral("{a='1'}"));
  });
  expect(readFileSync(path, 'utf8')).toBe(
    [
      'time = 07:32:00',
      'when = 1979-05-27 07:32:00Z',
      'table = { a = 1, b = [07:32:00] }',
      'text = "\\u001B[0m A"',
      "kept = {a='1'}",
      '',
    ].join('\n'),
  );
});

describe('a transaction', () => {
  test('merges all waiting calls into one replacement of the file', async () => {
    const path = configPath();
    writeFileSync(path, '');
    const inodes = new Set<number>();
    await Promise.all(
      Array.from({ length: 500 }, async (_, index) => {
        await setConfigValue(path, `key_${index}`, index);
        inodes.add(statSync(path).ino);
      }),
    );
    expect(inodes.size).toBe(1);
    expect(Object.keys(await readConfig(path))).toHaveLength(500);
  });

  test('undoes only the edits of the call that throws', async () => {
    const path = configPath();
    writeFileSync(path, 'a = 1\n');
    const outcomes = await Promise.allSettled([
      setConfigValue(path, 'b', 2),
      updateConfig(path, (transaction) => {
        transaction.set('c', 3);
        transaction.unset('a');
        throw new Error('mine');
      }),
      setConfigValue(path, 'a.x', 1),
      setConfigValue(path, 'd', 4),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
    expect(outcomes[2]).toMatchObject({ reason: { code: 'KEY_CONFLICT' } });
    expect(readFileSync(path, 'utf8')).toBe('a = 1\nb = 2\nd = 4\n');
  });

  test('runs calls in order if there is no config yet', async () => {
    const path = configPath();
    const set = setConfigValue(path, 'a', 1);
    const unset = unsetConfigValue(path, 'a');
    expect([await set, await unset]).toEqual([undefined, true]);
    expect(await readConfig(path)).toEqual({});
  });

  test('stores a value as it was at the time of the call', async () => {
    const path = configPath();
    const list: number[] = [];
    const sets = [0, 1, 2].map((number) => {
      list.push(number);
      return setConfigValue(path, `k${number}`, list);
    });
    await Promise.all(sets);
    expect(await readConfig(path)).toEqual({ k0: [0], k1: [0, 1], k2: [0, 1, 2] });
  });

  test('runs the calls of one thread in program order', async () => {
    const path = configPath();
    await Promise.all(Array.from({ length: 50 }, (_, index) => setConfigValue(path, 'last', index)));
    expect(await readConfig(path)).toEqual({ last: 49 });
  });

  test('returns the result of its function, which sees its own edits', async () => {
    const path = configPath();
    const seen = await updateConfig(path, (transaction) => {
      transaction.set('a.b', 1);
      transaction.set(['a', 'c.d'], 'x');
      return [transaction.get('a'), transaction.has('a.c'), transaction.unset('a.b'), transaction.get('a.b')];
    });
    expect(seen).toEqual([{ b: 1, 'c.d': 'x' }, false, true, undefined]);
    expect(await readConfig(path)).toEqual({ a: { 'c.d': 'x' } });
  });

  test('rejects a function that returns a promise, and writes nothing', async () => {
    const path = configPath();
    const asynchronous = async () => {
      throw new Error('unseen');
    };
    await expect(updateConfig(path, asynchronous as unknown as () => number)).rejects.toMatchObject({
      code: 'INVALID_VALUE',
    });
    expect(existsSync(path)).toBe(false);
  });

  test('throws if it is used after its end', async () => {
    const path = configPath();
    const transaction = await updateConfig(path, (inner) => ({ inner }));
    expect(() => transaction.inner.set('a', 1)).toThrow('has ended');
  });
});
