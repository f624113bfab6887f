import { HOST_TESTS, LOCK_TESTS } from './lock-tests.mjs';

/** The hashes of the inputs that last passed each check in full. scripts/test/verify.mjs writes it. */
export const VERIFIED = 'test/verified.json';

/** Sources of the addon, and the versions of the packages that compile it. */
const ADDON = ['CMakeLists.txt', 'native', 'package-lock.json', 'scripts/build', 'scripts/prebuild', 'scripts/tools'];

const script = (path, ...args) => [process.execPath, path, ...args];

/** The long checks whose result can only change with their inputs. */
export const CHECKS = {
  sanitizers: {
    inputs: [
      ...ADDON,
      ...['scripts/test/test-sanitize.mjs', 'src/errors.ts', 'src/lock', 'test/lock', 'test/native', 'test/support'],
      'vitest.config.mts',
    ],
    full: script('scripts/test/test-sanitize.mjs'),
    short: script('scripts/test/test-sanitize.mjs', 'address'),
    covers: 'C++ tests under AddressSanitizer',
  },
  platforms: {
    inputs: [
      ...ADDON,
      ...['prebuilds', 'scripts/test/lock-tests.mjs', 'scripts/test/test-platforms.mjs', 'tools/platforms'],
      // The lock, and the part of the store that differs between platforms.
      ...['src/config/file', 'src/errors.ts', 'src/lock'],
      ...['test/native', 'test/support', ...LOCK_TESTS, ...HOST_TESTS],
    ],
    full: script('scripts/test/test-platforms.mjs'),
    short: script('scripts/test/test-platforms.mjs', 'linux-x64', 'linux-x64-musl'),
    covers: 'linux-x64 and linux-x64-musl',
  },
  rebuild: {
    inputs: [...ADDON, 'prebuilds', 'tools/cross'],
    full: script('scripts/prebuild/rebuild.mjs'),
    short: script('scripts/prebuild/rebuild.mjs', 'linux-x64'),
    covers: 'linux-x64',
  },
};
