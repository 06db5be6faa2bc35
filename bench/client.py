"""Measured passes over a tree: client.py WORKLOAD ROOT LIST NUMBER PASSES

LIST holds paths relative to ROOT, each ended by a NUL byte (for `chroot`: a shell script). Does the same PASSES times and prints one JSON
object: {"seconds": …, "cpu": …, "count": …}: the median of the passes' wall times, the processor time of all of them in child processes,
and what one pass has done (entries, names, files, bytes), so that passes over trees of slightly different size can be compared. Python is
used because its cost per call is small and the same everywhere; its start is not measured.
"""

import json
import os
import random
import resource
import signal
import statistics
import subprocess
import sys
import time

# Whatever hangs in a daemon that does not answer is killed after so many seconds.
DEADLINE = 120


def walk(root, paths, _):
    """Lists every directory below the given ones and stats every entry."""
    count = 0
    stack = [os.path.join(root, path) for path in paths]
    while stack:
        with os.scandir(stack.pop()) as entries:
            for entry in entries:
                count += 1
                entry.stat(follow_symlinks=False)
                if entry.is_dir(follow_symlinks=False):
                    stack.append(entry.path)
    return count


def stat(root, paths, _):
    """lstat of every path."""
    for path in paths:
        os.lstat(os.path.join(root, path))
    return len(paths)


def missing(root, paths, number):
    """lstat of names that do not exist, spread over the given directories."""
    for i in range(number):
        try:
            os.lstat(os.path.join(root, paths[i % len(paths)], b"lvfs-missing-%d" % i))
        except FileNotFoundError:
            pass
    return number


def read(root, paths, _):
    """open, read and close of every file."""
    for path in paths:
        fd = os.open(os.path.join(root, path), os.O_RDONLY)
        while os.read(fd, 1 << 20):
            pass
        os.close(fd)
    return len(paths)


def readlink(root, paths, _):
    for path in paths:
        os.readlink(os.path.join(root, path))
    return len(paths)


def listing(root, paths, _):
    return sum(len(os.listdir(os.path.join(root, path))) for path in paths)


def sequential(root, paths, _):
    """Reads the files in blocks of 1 MiB; counts bytes."""
    count = 0
    buffer = bytearray(1 << 20)
    for path in paths:
        fd = os.open(os.path.join(root, path), os.O_RDONLY)
        while got := os.readv(fd, [buffer]):
            count += got
        os.close(fd)
    return count


def scattered(root, paths, number):
    """Reads 4 KiB at random offsets of the files, the same ones in every pass."""
    chance = random.Random(1)
    fds = [os.open(os.path.join(root, path), os.O_RDONLY) for path in paths]
    sizes = [os.fstat(fd).st_size for fd in fds]
    for _ in range(number):
        i = chance.randrange(len(fds))
        os.pread(fds[i], 4096, chance.randrange(max(1, sizes[i] - 4096)))
    return number


def parallel(one):
    """The same by four processes at once."""

    def run(root, paths, number):
        children = []
        for _ in range(4):
            pid = os.fork()
            if pid == 0:
                one(root, paths, number)
                os._exit(0)
            children.append(pid)
        if any(os.waitpid(pid, 0)[1] for pid in children):
            sys.exit("a child failed")
        return 4 * len(paths)

    return run


def chroot(root, script, _):
    """A shell script with ROOT as its root."""
    child = subprocess.Popen(
        ["chroot", root, "/bin/sh", "-c", script[0]], stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        status = child.wait(DEADLINE)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        sys.exit("not within %d s" % DEADLINE)
    if status != 0:
        sys.exit("the script failed with status %d" % status)
    return 1


workloads = {
    "chroot": chroot,
    "walk": walk,
    "stat": stat,
    "missing": missing,
    "read": read,
    "readlink": readlink,
    "listing": listing,
    "sequential": sequential,
    "scattered": scattered,
    "walk4": parallel(walk),
    "read4": parallel(read),
}

def children_cpu():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


name, root, listfile = sys.argv[1:4]
number, passes = int(sys.argv[4]), int(sys.argv[5])
with open(listfile, "rb") as file:
    wanted = [path for path in file.read().split(b"\0") if path]
seconds = []
for _ in range(passes):
    start = time.perf_counter()
    done = workloads[name](os.fsencode(root), wanted, number)
    seconds.append(time.perf_counter() - start)
print(json.dumps({"seconds": statistics.median(seconds), "cpu": children_cpu(), "count": done}))
