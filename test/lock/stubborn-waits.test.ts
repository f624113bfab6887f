import { join } from 'node:path';
import { expect, type TestContext, test } from 'vitest';
import { dist, root } from '../support/package/dist.js';
import { Child } from '../support/process/child.js';
import { lockScript } from '../support/process/lock-script.js';
import { requires } from '../support/requires/requires.js';
import { requiresMount } from '../support/requires/requires-mount.js';
import { commandLine, runtime } from '../support/run/runtime.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

// A wait in the kernel that no signal ends. Its timeout must end all the same, while the holder keeps the lock.

const SITUATIONS = {
  "whose signals find the user's queue full": (context: TestContext, args: readonly string[]) => {
    if (process.platform !== 'linux') context.skip('RLIMIT_SIGPENDING needs Linux');
    requires(context, ['prlimit']);
    return new Child('prlimit', ['--sigpending=0', ...commandLine(args)]);
  },
  'on a file system whose flock(2) ignores signals': (context: TestContext, args: readonly string[], path: string) => {
    requiresMount(context, { commands: ['python3'], device: '/dev/fuse' });
    const fileSystem = ['python3', join(root, 'test', 'support', 'fuse-file-system.py'), 'stubborn', join(path, '..')];
    return new Child('unshare', ['-m', ...fileSystem, ...commandLine(args)]);
  },
} as const;

/** Script: another process that holds `paths` until `end` is called, and the number of threads that wait. */
const preamble = `
  const { spawn } = require('node:child_process');
  const { once } = require('node:events');
  const { Worker } = require('node:worker_threads');
  const hold = async (paths) => {
    const script = 'const all = ' + JSON.stringify(paths) +
      '.map((each) => require(${JSON.stringify(dist)}).lockSync(each)); console.log(all.length);' +
      'process.stdin.once("data", () => process.exit());';
    const holder = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', 'inherit'] });
    await once(holder.stdout, 'data');
    return holder;
  };
  const threads = () => fs.readdirSync('/proc/self/task')
    .filter((thread) => fs.readFileSync('/proc/self/task/' + thread + '/comm', 'latin1') === 'zjj lock wait\\n').length;
  const codeOf = (error) => error.code === 'LOCK_TIMEOUT' ? 'LOCK_TIMEOUT' : error.name;
  const codeOfSync = (call) => {
    try {
      call();
    } catch (error) {
      return codeOf(error);
    }
  };`;

test.for(Object.entries(SITUATIONS))(
  'a wait %s ends when it was told to, and gives back a late grant',
  async ([, start], context) => {
    if (runtime !== 'node') context.skip('the script counts the threads of Node.js');
    const path = join(temporaryDirectory(), 'x');
    const child = start(
      context,
      lockScript(
        path,
        `${preamble}
         const [first, second, third, fourth] = [1, 2, 3, 4].map((number) => path + number);
         const configs = [5, 6, 7].map((number) => path + number);
         const all = [first, second, third, fourth, ...configs.map((config) => config + '.lock')];
         const holder = await hold(all);
         const outcomes = async () => [
           codeOfSync(() => zjj.lockSync(first, { timeout: 20 })),
           ...(await Promise.all([
             zjj.lock(second, { timeout: 20 }).catch(codeOf),
             zjj.lock(third, { signal: AbortSignal.timeout(20) }).catch(codeOf),
             zjj.setConfigValue(configs[0], 'k', 1, { timeout: 20 }).catch(codeOf),
             zjj.setConfigValue(configs[1], 'k', 1, { signal: AbortSignal.timeout(20) }).catch(codeOf),
           ])),
           codeOfSync(() => zjj.setConfigValueSync(configs[2], 'k', 1, { timeout: 20 })),
         ];
         console.log((await outcomes()).join());
         console.log((await outcomes()).join());
         // One for each path at most.
         console.log(threads() <= 6);
         const source = 'require(' + ${JSON.stringify(JSON.stringify(dist))} + ').lock(' + JSON.stringify(fourth) +
           '); require("node:worker_threads").parentPort.postMessage("waits")';
         const worker = new Worker(source, { eval: true });
         await once(worker, 'message');
         await worker.terminate();
         console.log('terminated');
         holder.stdin.write('end');
         await once(holder, 'exit');
         for (const each of all) (await zjj.lock(each)).release();
         while (threads() > 0) await new Promise(setImmediate);
         console.log('granted');
         const last = await hold([first]);
         zjj.lock(first, { keepAlive: false });
         last.unref();
         last.stdin.destroy();
         last.stdout.destroy();`,
      ),
      path,
    );
    const outcomes = 'LOCK_TIMEOUT,LOCK_TIMEOUT,TimeoutError,LOCK_TIMEOUT,TimeoutError,LOCK_TIMEOUT';
    expect(await child.line()).toBe(outcomes);
    expect(await child.line()).toBe(outcomes);
    expect(await child.line()).toBe('true');
    expect(await child.line()).toBe('terminated');
    expect(await child.line()).toBe('granted');
    expect([await child.exit(), child.stderr]).toEqual([0, '']);
  },
);
