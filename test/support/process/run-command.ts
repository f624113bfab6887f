import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inject } from 'vitest';
import { root } from '../package/dist.js';

/** The result of a command. */
export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command as a user of the package would: in {@link environment}, plus `env`. */
export function run(command: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): Outcome {
  const [program = '', ...args] = command;
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd,
    encoding: 'utf8',
    env: { ...environment(), ...env },
    maxBuffer: 2 ** 26,
  });
  if (error !== undefined) throw error;
  return { status, stdout, stderr };
}

/** The variables that programs need to start and to reach the network. */
const INHERITED =
  /^(?:path|pathext|systemroot|windir|comspec|te?mp|tmpdir|lang|lc_\w+|\w+_proxy|node_extra_ca_certs|ssl_cert_\w+)$/i;

let known: NodeJS.ProcessEnv | undefined;

/**
 * An environment without any trace of the tests. It has its own home directory, so that the caches and settings of the
 * machine are neither used nor changed. It keeps the npm registry, which may be the only one that can be reached.
 */
export function environment(): NodeJS.ProcessEnv {
  if (known !== undefined) return known;
  const home = join(inject('runDirectory'), 'home');
  mkdirSync(home, { recursive: true });
  const registry = npmSetting('registry') ?? 'https://registry.npmjs.org/';
  const certificates = npmSetting('cafile');
  const { protocol, hostname } = new URL(registry);
  known = {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => INHERITED.test(name))),
    HOME: home,
    USERPROFILE: home,
    APPDATA: home,
    LOCALAPPDATA: home,
    NO_COLOR: '1',
    DENO_NO_UPDATE_CHECK: '1',
    // pnpm reads these too.
    npm_config_registry: registry,
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_update_notifier: 'false',
    npm_config_fetch_retry_mintimeout: '500',
    npm_config_fetch_retry_maxtimeout: '2000',
    YARN_NPM_REGISTRY_SERVER: registry.replace(/\/$/, ''),
    YARN_ENABLE_TELEMETRY: '0',
    // In CI, Yarn refuses to write a lock file.
    YARN_ENABLE_IMMUTABLE_INSTALLS: '0',
    YARN_ENABLE_HARDENED_MODE: '0',
    ...(protocol === 'http:' && { YARN_UNSAFE_HTTP_WHITELIST: hostname }),
    ...(certificates !== undefined && { npm_config_cafile: certificates, YARN_HTTPS_CA_FILE_PATH: certificates }),
  };
  return known;
}

/** The npm command. On Windows npm is a batch file, which spawn cannot start. */
export const npm =
  process.platform === 'win32'
    ? [process.execPath, join(dirname(process.execPath), 'node_modules/npm/bin/npm-cli.js')]
    : ['npm'];

/** A setting of the npm that runs the tests. */
function npmSetting(name: string): string | undefined {
  const [program = '', ...args] = npm;
  const { stdout } = spawnSync(program, [...args, 'config', 'get', name], { cwd: root, encoding: 'utf8' });
  const value = stdout.trim();
  return value === '' || value === 'null' || value === 'undefined' ? undefined : value;
}
