// The tests that an emulator cannot run, or runs too slowly, with the reason. `name` is how the test's name begins.
// These tests run on the real platforms.

const skip = (reason, ...names) => names.map((name) => ({ name: `test/lock/${name}`, reason }));

const QEMU = [
  ...skip(
    'too slow under qemu, and linux-x64 runs them on the same kernel, which is where the file systems are',
    'file-systems.test.js > on ',
  ),
  ...skip(
    'under qemu, /proc shows the signals that qemu catches, not those that the program catches',
    'signals.test.js > two copies of the package in one process > have a thread that waits and a signal',
    'waiter-ends.test.js > an addon that was loaded only in a worker',
  ),
];

const WINE = [
  ...skip(
    'wine 8 cannot create symbolic links',
    'lock.test.js > lockSync > throws LOCK_DEADLOCK against its own thread through another name',
    'lock.test.js > what is no lock file > a symbolic link',
    'same-file.test.js > one lock has > a directory that is a symbolic link',
  ),
  ...skip(
    'under wine, root can write a read-only file',
    'lock.test.js > a lock file that may only be read is locked without a record',
  ),
];

export const SKIPPED = { 'linux-arm64': QEMU, 'linux-arm': QEMU, 'win32-x64': WINE };
