// Tests that an emulator cannot run, or runs too slowly, with the reasons. A test is matched by the start of its name.
// The platforms themselves run these tests.

const skip = (reason, ...names) => names.map((name) => ({ name: `test/lock/${name}`, reason }));

const QEMU = [
  ...skip(
    'too slow under qemu, and the file systems are those of the kernel on which linux-x64 has run them',
    'file-systems.test.js > on ',
  ),
  ...skip(
    'under qemu, /proc shows the signals that qemu catches, not those that the program catches',
    'signals.test.js > two copies of the package in one process > each have a wait thread, and a signal',
    'waiter-ends.test.js > a process survives the wait signal of an addon loaded only in a worker',
  ),
  ...skip(
    'the test starts Node.js in another program, which cannot start an emulated one',
    'file/holder.test.js > the holder that a record names > is alive in a PID namespace whose /proc',
    'queue/stubborn-waits.test.js > ',
  ),
];

const WINE = [
  ...skip(
    'wine 8 cannot create symbolic links',
    'lock.test.js > lockSync > throws LOCK_DEADLOCK if its own thread holds the lock by another name',
    'lock.test.js > an invalid lock file > a symbolic link',
    'same-file.test.js > a lock is the same through > a directory that is a symbolic link',
  ),
  ...skip(
    'on Windows the store writes the path of the lock file with a slash, which this thread takes for another name of it',
    'queue/endless-waits.test.js > a wait that could never end rejects with LOCK_DEADLOCK: > a write of the config whose lock',
  ),
  ...skip('under wine, root can write a read-only file', 'lock.test.js > a read-only lock file can be locked'),
];

export const SKIPPED = { 'linux-arm64': QEMU, 'linux-arm': QEMU, 'win32-x64': WINE };
