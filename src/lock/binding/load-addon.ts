import { existsSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import { path as addonPath } from 'node-gyp-build';
import { ZjjError } from '../../errors.js';
import type { Addon } from './addon.js';

const packageRoot = findPackageRoot(__dirname);
const prebuilds = join(packageRoot, 'prebuilds');

/**
 * Loads the addon: a local build if there is one, else the prebuilt binary of this platform.
 *
 * @throws ZjjError ADDON_LOAD
 */
export function loadAddon(): Addon {
  let file: string | undefined;
  try {
    file = addonPath(packageRoot);
    return load(file);
  } catch (cause) {
    const sibling = file && forMusl(file);
    if (sibling !== undefined) {
      try {
        return load(sibling);
      } catch {
        // The first reason is the one to tell: nearly everybody has glibc.
      }
    }
    throw loadError(cause);
  }
}

function load(file: string): Addon {
  refuseTruncated(file);
  return createRequire(__filename)(file);
}

/** The system's loader would be killed (SIGBUS) by a file that ends where it must not. */
function refuseTruncated(file: string): void {
  const expected = sizeOf(file);
  if (expected === undefined) return;
  const { size } = statSync(file);
  if (size !== expected) throw new Error(`${file} is damaged: it has ${size} bytes and should have ${expected}`);
}

/** What the manifest says of a prebuilt binary's size in bytes; undefined of a local build, or without a manifest. */
function sizeOf(file: string): number | undefined {
  const name = relative(prebuilds, file).replaceAll(sep, '/');
  try {
    return JSON.parse(readFileSync(join(prebuilds, 'manifest.json'), 'utf8')).binaries[name]?.size;
  } catch {
    return undefined;
  }
}

/** The binary for musl beside one for glibc. node-gyp-build tells musl only by Alpine's release file. */
function forMusl(file: string): string | undefined {
  const sibling = file.replace(/\.glibc\.node$/, '.musl.node');
  return sibling !== file && existsSync(sibling) ? sibling : undefined;
}

/** The nearest folder above that has a package.json: this code runs from src/, and bundled from dist/. */
function findPackageRoot(directory: string): string {
  const parent = dirname(directory);
  return existsSync(join(directory, 'package.json')) || parent === directory ? directory : findPackageRoot(parent);
}

function loadError(cause: unknown): ZjjError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message =
    `Cannot load the native addon of zjj for ${process.platform}-${process.arch}: ${reason}\n` +
    'npm compiles it, with a C++17 compiler, make and Python and without a download: ' +
    `npm run build:native --prefix "${packageRoot}"`;
  return new ZjjError('ADDON_LOAD', message, { path: packageRoot, cause });
}
