// Compiles the addon of an installed package where no prebuilt binary fits: `npm run build:native`. It needs no network:
// npm brings node-gyp, and the package the headers of Node-API. node-gyp needs a C++17 compiler, make and Python.

const { spawnSync } = require('node:child_process');
const { copyFileSync, mkdirSync, rmSync } = require('node:fs');
const { dirname, join } = require('node:path');

/** npm tells what it runs where its node-gyp is. */
const nodeGyp = process.env.npm_config_node_gyp;
if (nodeGyp === undefined) {
  console.error(`npm brings node-gyp: npm run build:native --prefix "${dirname(__dirname)}"`);
  process.exit(2);
}

const env = { ...process.env };
// By the environment, which node-gyp heeds more than its arguments. On Windows a library of Node.js itself is needed as
// well, and node-gyp downloads that together with the headers.
if (process.platform !== 'win32') env.npm_config_nodedir = join(__dirname, 'headers');
const { status } = spawnSync(process.execPath, [nodeGyp, 'rebuild'], { cwd: __dirname, env, stdio: 'inherit' });
if (status !== 0) process.exit(1);

// Where node-gyp-build looks before it looks at the prebuilt binaries.
const release = join(dirname(__dirname), 'build', 'Release');
mkdirSync(release, { recursive: true });
copyFileSync(join(__dirname, 'build', 'Release', 'zjj.node'), join(release, 'zjj.node'));
rmSync(join(__dirname, 'build'), { recursive: true });
