// The tests that an emulator cannot run, or not in a bearable time, by how their names begin, and why. On the platforms themselves they
// run.

const skip = (reason, ...names) => names.map((name) => ({ name: `test/lock/${name}`, reason }));

const QEMU = [
  ...skip(
    'too slow under qemu, and the file systems are those of the kernel on which linux-x64 has run them',
    'file-systems.test.js > on ',
  ),
  ...skip(
    'qemu shows the signals that it catches itself, not those of the program',
    'signals.test.js > two copies of the package in one process > each have a wait thread, and a signal',
    'waiter-ends.test.js > a process survives the wait signal of an addon loaded only in a worker',
  ),
];

const WINE = [
  ...skip(
    'wine 8 makes no symbolic links',
    'lock.test.js > lockSync > throws LOCK_DEADLOCK if its own thread holds the lock by another name',
    'lock.test.js > an invalid lock file > a symbolic link',
    'same-file.test.js > a lock is the same through > a directory that is a symbolic link',
  ),
  ...skip('wine lets root write what may only be read', 'lock.test.js > a read-only lock file can be locked'),
];

export const SKIPPED = { 'linux-arm64': QEMU, 'linux-arm': QEMU, 'win32-x64': WINE };
