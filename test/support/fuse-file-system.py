"""Mounts a file system that implements flock(2) itself, as a network file system does, and runs a command.

Usage: fuse-file-system.py LOCKS DIRECTORY COMMAND...

LOCKS is `locks`, `stubborn` (locks that no signal interrupts), `kernel` (the kernel keeps the locks), or the error that
every flock(2) returns, such as ENOLCK. Each fsync(2) of a file takes FSYNC_SECONDS of the environment, if set. Three
names contradict themselves, as on a server whose directory is out of date: `stale.lock` is there and cannot be opened,
`hidden.lock` is not there and cannot be created, and `moving.lock` has another inode number at each look.

The program speaks the /dev/fuse protocol without a library and keeps the files in memory, in one directory. Start it in
its own mount namespace: the file system ends with the command, and the mount ends with the namespace.

A text that is written to the file `fault` makes later requests fail, as a server does whose other clients change files:
`GETATTR ESTALE c.toml 1` gives the next GETATTR of `c.toml` the error ESTALE, once. The file is then empty again.
"""

import ctypes
import errno
import fcntl
import os
import select
import signal
import stat
import struct
import sys
import time

LOOKUP, FORGET, GETATTR, SETATTR, UNLINK, LINK, OPEN, READ, WRITE = 1, 2, 3, 4, 10, 13, 14, 15, 16
RELEASE, FLUSH, INIT, SETLK, SETLKW, CREATE, INTERRUPT, BATCH_FORGET = 18, 25, 26, 32, 33, 35, 36, 42
RENAME, FSYNC, OPENDIR, READDIR, RELEASEDIR, RENAME2 = 12, 20, 27, 28, 29, 45
FUSE_FLOCK_LOCKS = 1 << 10
FATTR_SIZE = 1 << 3
ROOT = 1
STALE, HIDDEN, MOVING = b"stale.lock\0", b"hidden.lock\0", b"moving.lock\0"
PR_SET_PDEATHSIG = 1


class Locks:
    """The locks that are held, and the requests that wait for one."""

    def __init__(self):
        self.held = {}  # (node, owner): is exclusive
        self.waiting = []  # (request, node, owner, is exclusive)

    def is_free(self, node, owner, exclusive):
        others = [held for key, held in self.held.items() if key[0] == node and key[1] != owner]
        return not (any(others) or (exclusive and others))

    def grant(self):
        """Grants the locks that are free now. Returns the requests that no longer wait."""
        requests = []
        for waiter in list(self.waiting):
            request, node, owner, exclusive = waiter
            if self.is_free(node, owner, exclusive):
                self.waiting.remove(waiter)
                self.held[node, owner] = exclusive
                requests.append(request)
        return requests


class FileSystem:
    def __init__(self, device, error, flags, is_stubborn, fsync_seconds):
        self.device = device
        self.is_stubborn = is_stubborn
        self.error = error  # what every flock(2) returns, or None
        self.flags = flags
        self.fsync_seconds = fsync_seconds
        self.syncs = []  # (when it is done, request), in this order
        self.locks = Locks()
        self.names = {}  # name, with its NUL: node
        self.files = {}  # node: bytes
        self.fault = None  # (operation, error, name)
        self.fault_times = 0
        self.looks = 0

    def attributes(self, node):
        mode = stat.S_IFDIR | 0o755 if node == ROOT else stat.S_IFREG | 0o644
        size = 0 if node == ROOT else len(self.files[node])
        number = node
        if node == self.names.get(MOVING):
            self.looks += 1
            number = 1000 + self.looks
        # A modification time with half a millisecond: Node.js runs the end of a transaction in native code then.
        return struct.pack("<6Q10I", number, size, 0, 0, 0, 0, 0, 500000, 0, mode, 1, 0, 0, 0, 4096, 0)

    def entry(self, node):
        return struct.pack("<4Q2I", node, 0, 0, 0, 0, 0) + self.attributes(node)

    def answer(self, operation, request, node, body):
        """Returns the bytes of the answer, or None if the request must wait."""
        self.fail(operation, node, body)
        if operation == INIT:
            minor = min(struct.unpack_from("<II", body)[1], 31)
            return struct.pack("<4I2H2I2H8I", 7, minor, 0, self.flags, 0, 0, 65536, 1, 0, 0, *[0] * 8)
        if operation == LOOKUP:
            return self.entry(self.names[body])
        if operation == CREATE and body[16:] == HIDDEN:
            raise OSError(errno.EEXIST, "")
        if operation == CREATE:
            node = self.names[body[16:]] = len(self.files) + 2
            self.files[node] = bytearray()
            return self.entry(node) + bytes(16)
        if operation == LINK:
            if body[8:] in self.names:
                raise OSError(errno.EEXIST, "")
            node = self.names[body[8:]] = struct.unpack_from("<Q", body)[0]
            return self.entry(node)
        if operation in (RENAME, RENAME2):
            old, new, _ = body[16 if operation == RENAME2 else 8 :].split(b"\0")
            self.names[new + b"\0"] = self.names.pop(old + b"\0")
            return b""
        if operation == OPENDIR:
            return bytes(16)
        if operation == RELEASEDIR:
            return b""
        if operation == READDIR:
            return self.entries(*struct.unpack_from("<QI", body, 8))
        if operation == UNLINK:
            del self.names[body]
            return b""
        if operation == SETATTR and struct.unpack_from("<I", body)[0] & FATTR_SIZE:
            size = struct.unpack_from("<Q", body, 16)[0]
            self.files[node] = self.files[node][:size].ljust(size, b"\0")
        if operation in (GETATTR, SETATTR):
            return bytes(16) + self.attributes(node)
        if operation == OPEN and node == self.names.get(STALE):
            raise OSError(errno.ENOENT, "")
        if operation == OPEN:
            return bytes(16)
        if operation == FSYNC and self.fsync_seconds > 0:
            self.syncs.append((time.monotonic() + self.fsync_seconds, request))
            return None
        if operation == READ:
            offset, size = struct.unpack_from("<QI", body, 8)
            return bytes(self.files[node][offset : offset + size])
        if operation == WRITE:
            offset, size = struct.unpack_from("<QI", body, 8)
            self.files[node][offset : offset + size] = body[40 : 40 + size]
            if node == self.names.get(b"fault\0"):
                failing, error, name, times = body[40 : 40 + size].decode().split()
                self.fault = (globals()[failing], getattr(errno, error), name.encode() + b"\0")
                self.fault_times = int(times)
            return struct.pack("<II", size, 0)
        if operation == FLUSH:
            return b""
        if operation == RELEASE:
            self.unlock(node, struct.unpack_from("<Q", body, 16)[0])
            return b""
        if operation in (SETLK, SETLKW):
            return self.lock(operation, request, node, body)
        raise OSError(errno.ENOSYS, "")

    def fail(self, operation, node, body):
        """Raises the error that this request was told to have."""
        if self.fault_times == 0 or self.fault[0] != operation:
            return
        _, error, name = self.fault
        by_name = operation in (LOOKUP, RENAME, RENAME2)
        if body.endswith(name) if by_name else self.names.get(name) == node:
            self.fault_times -= 1
            if self.fault_times == 0:
                self.files[self.names[b"fault\0"]] = bytearray()
            raise OSError(error, "")

    def entries(self, offset, size):
        answer = b""
        for index, (name, node) in list(enumerate(self.names.items(), 1))[offset:]:
            name = name[:-1]
            entry = struct.pack("<QQII", node, index, len(name), 0) + name
            entry = entry.ljust((len(entry) + 7) // 8 * 8, b"\0")
            if len(answer) + len(entry) > size:
                break
            answer += entry
        return answer

    def lock(self, operation, request, node, body):
        if self.error is not None:
            raise OSError(self.error, "")
        owner, _, _, kind = struct.unpack_from("<3QI", body, 8)
        if kind == fcntl.F_UNLCK:
            self.unlock(node, owner)
            return b""
        exclusive = kind == fcntl.F_WRLCK
        if self.locks.is_free(node, owner, exclusive):
            self.locks.held[node, owner] = exclusive
            return b""
        if operation == SETLK:
            raise OSError(errno.EAGAIN, "")
        self.locks.waiting.append((request, node, owner, exclusive))
        return None

    def unlock(self, node, owner):
        self.locks.held.pop((node, owner), None)
        for request in self.locks.grant():
            self.send(request, 0, b"")

    def interrupt(self, request):
        for waiter in list(self.locks.waiting):
            if waiter[0] == request and not self.is_stubborn:
                self.locks.waiting.remove(waiter)
                self.send(request, errno.EINTR, b"")

    def send(self, request, error, answer):
        os.write(self.device, struct.pack("<IiQ", 16 + len(answer), -error, request) + answer)

    def end_syncs(self):
        """Answers each fsync(2) when its time has come, and returns when another request is there."""
        while self.syncs:
            left = self.syncs[0][0] - time.monotonic()
            if left <= 0:
                self.send(self.syncs.pop(0)[1], 0, b"")
            elif select.select([self.device], [], [], left)[0]:
                return

    def serve(self):
        while True:
            self.end_syncs()
            message = os.read(self.device, 1 << 20)
            _, operation, request, node = struct.unpack_from("<IIQQ", message)
            body = message[40:]
            if operation == INTERRUPT:
                self.interrupt(struct.unpack_from("<Q", body)[0])
            elif operation not in (FORGET, BATCH_FORGET):
                try:
                    answer = self.answer(operation, request, node, body)
                    if answer is not None:
                        self.send(request, 0, answer)
                except KeyError:
                    self.send(request, errno.ENOENT, b"")
                except OSError as error:
                    self.send(request, error.errno, b"")


def main():
    locks, directory, *command = sys.argv[1:]
    libc = ctypes.CDLL(None, use_errno=True)
    device = os.open("/dev/fuse", os.O_RDWR)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other".encode()
    if libc.mount(b"zjj", directory.encode(), b"fuse", 0, options) != 0:
        raise OSError(ctypes.get_errno(), "mount")
    command_pid = os.getpid()
    if os.fork() != 0:
        os.close(device)
        os.execvp(command[0], command)
    # The file system ends with the command, however the command ends.
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    # A disk does not become slower on a busy machine.
    os.setpriority(os.PRIO_PROCESS, 0, -20)
    if os.getppid() == command_pid:
        error = getattr(errno, locks, None)  # None for `locks`, `stubborn` and `kernel`
        flags = 0 if locks == "kernel" else FUSE_FLOCK_LOCKS
        FileSystem(device, error, flags, locks == "stubborn", float(os.environ.get("FSYNC_SECONDS", "0"))).serve()


main()
