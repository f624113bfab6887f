// `npm run build:native`: compiles the addon of an installed package on a platform that has no prebuilt binary.
//
// Needs no network: npm includes node-gyp, and the package includes the headers of Node-API. node-gyp needs a C++17
// compiler, make and Python.

const { spawnSync } = require('node:child_process');
const { copyFileSync, mkdirSync, rmSync } = require('node:fs');
const { dirname, join } = require('node:path');

/** npm passes the path of its node-gyp to the scripts that it runs. */
const nodeGyp = process.env.npm_config_node_gyp;
if (nodeGyp === undefined) {
  console.error(`node-gyp comes with npm. Run: npm run build:native --prefix "${dirname(__dirname)}"`);
  process.exit(2);
}

const env = { ...process.env };
// In node-gyp the environment takes precedence over arguments. On Windows, node-gyp also needs a library of Node.js
// itself, and downloads it together with the headers.
if (process.platform !== 'win32') env.npm_config_nodedir = join(__dirname, 'headers');
const { status } = spawnSync(process.execPath, [nodeGyp, 'rebuild'], { cwd: __dirname, env, stdio: 'inherit' });
if (status !== 0) process.exit(1);

// node-gyp-build prefers this folder to the prebuilt binaries.
const release = join(dirname(__dirname), 'build', 'Release');
mkdirSync(release, { recursive: true });
copyFileSync(join(__dirname, 'build', 'Release', 'zjj.node'), join(release, 'zjj.node'));
rmSync(join(__dirname, 'build'), { recursive: true });
