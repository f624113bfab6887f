/**
 * The tests of the lock, and the tests of the store that do not assume Node.js: they run on every runtime and platform.
 */
export const LOCK_TESTS = [
  'test/lock',
  'test/config/file/replaced-file.test.ts',
  'test/config/store.test.ts',
  'test/native/addon.test.ts',
  'test/entry-points.test.ts',
  'test/runtime.test.ts',
];

/** They also run on every platform, where Node.js can be renamed as Electron is. */
export const HOST_TESTS = ['test/native/renamed-host.test.ts'];
