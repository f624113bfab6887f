// Fills native/headers/ with the headers that native/ does not contain: those of Node-API and node-addon-api, laid out
// as node-gyp expects the headers of Node.js. With them, a user compiles the installed package without a network.

import { copyFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);

/** node-gyp reads from these how Node.js was compiled. Node-API does not depend on that. */
const SETTINGS = {
  'common.gypi': `{
  "target_defaults": {
    "default_configuration": "Release",
    "configurations": { "Debug": {}, "Release": { "cflags": ["-O2"], "ldflags": ["-s"] } }
  }
}
`,
  'config.gypi': '{}\n',
};

export function vendorHeaders(root) {
  const target = join(root, 'native/headers');
  rmSync(target, { recursive: true, force: true });
  const include = join(target, 'include/node');
  mkdirSync(include, { recursive: true });
  for (const [name, text] of Object.entries(SETTINGS)) writeFileSync(join(include, name), text);
  for (const name of ['node-addon-api', 'node-api-headers']) {
    const from = require(name).include_dir;
    for (const file of readdirSync(from)) {
      if (file.endsWith('.h')) copyFileSync(join(from, file), join(include, file));
    }
    const folder = dirname(require.resolve(`${name}/package.json`));
    const license = readdirSync(folder).find((file) => file.startsWith('LICENSE'));
    copyFileSync(join(folder, license), join(target, `LICENSE.${name}`));
  }
}
