import { existsSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import { path as addonPath } from 'node-gyp-build';
import { ZjjError } from '../../errors.js';
import type { Addon } from './addon.js';

/**
 * Loads the addon: a local build if there is one, otherwise the prebuilt binary for this platform.
 *
 * @throws ZjjError ADDON_LOAD. The message gives the command that compiles the addon, or says that zjj must not be
 *   bundled.
 */
export function loadAddon(): Addon {
  // An ES module that a bundler made has no __dirname.
  const packageRoot = typeof __dirname === 'string' ? findPackageRoot(__dirname) : undefined;
  if (packageRoot === undefined) throw bundledError();
  let file: string | undefined;
  try {
    file = addonPath(packageRoot);
    return load(file, packageRoot);
  } catch (cause) {
    const sibling = file && muslSibling(file);
    if (sibling !== undefined) {
      try {
        return load(sibling, packageRoot);
      } catch {
        // Report the first failure: nearly every system has glibc.
      }
    }
    throw loadError(packageRoot, cause);
  }
}

function load(file: string, packageRoot: string): Addon {
  refuseTruncated(file, join(packageRoot, 'prebuilds'));
  return createRequire(__filename)(file);
}

/** Loading a truncated file would kill this process with SIGBUS. */
function refuseTruncated(file: string, prebuilds: string): void {
  const expected = expectedSize(file, prebuilds);
  if (expected === undefined) return;
  const { size } = statSync(file);
  if (size !== expected) throw new Error(`${file} is damaged: it has ${size} bytes and should have ${expected}`);
}

/** The size in bytes of a prebuilt binary, from the manifest. Undefined for a local build or without a manifest. */
function expectedSize(file: string, prebuilds: string): number | undefined {
  const name = relative(prebuilds, file).replaceAll(sep, '/');
  try {
    return JSON.parse(readFileSync(join(prebuilds, 'manifest.json'), 'utf8')).binaries[name]?.size;
  } catch {
    return undefined;
  }
}

/** The musl binary next to a glibc binary. node-gyp-build detects musl only on Alpine, by /etc/alpine-release. */
function muslSibling(file: string): string | undefined {
  const sibling = file.replace(/\.glibc\.node$/, '.musl.node');
  return sibling !== file && existsSync(sibling) ? sibling : undefined;
}

/**
 * The directory of this package: the nearest one upward that has a package.json. This code runs from src/ and from dist/.
 * Undefined if a bundler has made it part of another package. An addon that lies in that package is not ours.
 */
function findPackageRoot(directory: string): string | undefined {
  const file = join(directory, 'package.json');
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')).name === 'zjj' ? directory : undefined;
  const parent = dirname(directory);
  return parent === directory ? undefined : findPackageRoot(parent);
}

function bundledError(): ZjjError {
  return new ZjjError(
    'ADDON_LOAD',
    'Cannot load the native addon of zjj: zjj was made part of a bundle, and its addon was not. ' +
      "Mark zjj as external in the bundler's configuration, and install it where the bundle runs.",
  );
}

function loadError(packageRoot: string, cause: unknown): ZjjError {
  // Not instanceof: with Jest, errors of Node.js are those of another realm.
  const reason = (cause as Partial<Error> | undefined)?.message ?? String(cause);
  const message =
    `Cannot load the native addon of zjj for ${process.platform}-${process.arch}: ${reason}\n` +
    'To compile it with npm (this takes a C++17 compiler, make and Python, but no download), run: ' +
    `npm run build:native --prefix "${packageRoot}"`;
  return new ZjjError('ADDON_LOAD', message, { path: packageRoot, cause });
}
