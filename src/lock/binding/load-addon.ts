import { existsSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import { path as addonPath } from 'node-gyp-build';
import { ZjjError } from '../../errors.js';
import type { Addon } from './addon.js';

const packageRoot = findPackageRoot(__dirname);
const prebuilds = join(packageRoot, 'prebuilds');

/**
 * Loads the addon: a local build if there is one, otherwise the prebuilt binary for this platform.
 *
 * @throws ZjjError ADDON_LOAD. The message gives the command that compiles the addon.
 */
export function loadAddon(): Addon {
  let file: string | undefined;
  try {
    file = addonPath(packageRoot);
    return load(file);
  } catch (cause) {
    const sibling = file && muslSibling(file);
    if (sibling !== undefined) {
      try {
        return load(sibling);
      } catch {
        // Report the first failure: nearly every system has glibc.
      }
    }
    throw loadError(cause);
  }
}

function load(file: string): Addon {
  refuseTruncated(file);
  return createRequire(__filename)(file);
}

/** Loading a truncated file would kill this process with SIGBUS. */
function refuseTruncated(file: string): void {
  const expected = expectedSize(file);
  if (expected === undefined) return;
  const { size } = statSync(file);
  if (size !== expected) throw new Error(`${file} is damaged: it has ${size} bytes and should have ${expected}`);
}

/** The size in bytes of a prebuilt binary, from the manifest. Undefined for a local build or without a manifest. */
function expectedSize(file: string): number | undefined {
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

/** The nearest directory upward that has a package.json. This code runs from src/ and, bundled, from dist/. */
function findPackageRoot(directory: string): string {
  const parent = dirname(directory);
  return existsSync(join(directory, 'package.json')) || parent === directory ? directory : findPackageRoot(parent);
}

function loadError(cause: unknown): ZjjError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message =
    `Cannot load the native addon of zjj for ${process.platform}-${process.arch}: ${reason}\n` +
    'To compile it with npm (this takes a C++17 compiler, make and Python, but no download), run: ' +
    `npm run build:native --prefix "${packageRoot}"`;
  return new ZjjError('ADDON_LOAD', message, { path: packageRoot, cause });
}
