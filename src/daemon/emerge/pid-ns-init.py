# Stands in for Portage's pid-ns-init while `lvfs emerge` runs: bound over it in the mount namespace of that emerge only.
#
# Portage starts each phase of an ebuild with it, with its own Python, as root and as process 1 of a new process namespace, and
# leaves to it to give up root and to start the phase's shell. For a phase that builds (src_*) this goes into the view of the
# package first, which it asks for at a socket; then, as for every other phase, it becomes the program in whose place it stands:
# same interpreter, process, arguments, descriptors, environment and umask. When a phase has ended that says something about the
# package, it writes what lvfs found into the build's log, as eqawarn would.
#
# Python 3.9 or later, the standard library only. docs/emerge.md, "Under the hood", says how the two sides speak.
import locale
import os
import sys

# What the original would do first.
if sys.getfilesystemencoding().lower() != "utf-8" or locale.getpreferredencoding(False).lower() != "utf-8":
    os.environ["PYTHONUTF8"] = "1"
    os.execv(sys.executable, [sys.executable] + sys.argv)

# Where the socket, the originals and the host's /proc are; written here by lvfs.
PLACE = "@PLACE@"

IN_VIEW = ("unpack", "prepare", "configure", "compile", "test", "install")
# How long the findings may keep Portage waiting, in seconds: it ends a phase by force ten seconds after its shell has ended.
PATIENCE = 8


class Refused(Exception):
    """The server says why there is no view."""


class Server:
    """The other side: one JSON object a line, as in docs/control-protocol.md."""

    def __init__(self):
        import json
        import socket

        self.json = json
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(PLACE + "/control.sock")
        # The connection ends with this process, and not while Python clears away: for lvfs its end is that of the phase.
        os.dup(self.socket.fileno())
        self.lines = self.socket.makefile("rb")
        self.last = 0
        self.receive()

    def receive(self):
        line = self.lines.readline()
        if not line:
            raise OSError("lvfs has ended")
        return self.json.loads(line)

    def ask(self, method, params):
        self.last += 1
        request = {"id": self.last, "method": method, "params": params}
        # Escaped, so that what no encoding knows travels as well.
        self.socket.sendall(self.json.dumps(request).encode("ascii", "replace") + b"\n")
        answer = self.receive()
        if "error" in answer:
            error = answer["error"]
            raise Refused(error["message"] + (" (%s)" % error["hint"] if "hint" in error else ""))
        return answer["result"]


def settings():
    """The LVFS variables of make.conf, package.env and the environment: after the first phase Portage keeps them in a file."""
    found = {name: value for name, value in os.environ.items() if name == "LVFS" or name.startswith("LVFS_")}
    import re
    import stat

    try:
        # Whoever builds may have put something else there.
        descriptor = os.open(os.environ.get("T", "") + "/environment", os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
        with open(descriptor, encoding="utf-8", errors="replace") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return found
            saved = file.read()
    except OSError:
        return found

    for name, value in re.findall(r'^declare -x (LVFS\w*)="((?:[^"\\]|\\.)*)"$', saved, re.M):
        found.setdefault(name, re.sub(r"\\(.)", r"\1", value))
    return found


def facts(phase):
    def value(name):
        return os.environ.get(name, "")

    try:
        cwd = os.getcwd()
    except OSError:
        cwd = "/"
    return {
        # As the processes of the host see this one.
        "pid": int(os.readlink(PLACE + "/proc/self")),
        "phase": phase,
        "package": value("CATEGORY") + "/" + value("PF"),
        "ebuild": value("EBUILD"),
        "use": value("USE").split(),
        "buildDirectory": value("PORTAGE_BUILDDIR"),
        "directories": [
            path
            for path in map(value, ("PORTAGE_TMPDIR", "PORTAGE_ACTUAL_DISTDIR", "CCACHE_DIR", "DISTCC_DIR"))
            if path
        ],
        "log": value("PORTAGE_LOG_FILE"),
        "cwd": cwd,
        "programs": [sys.argv[0], sys.executable],
        "settings": settings(),
    }


def enter(view):
    """Goes into a view: its mount namespace, /proc for the processes of this one, its root. When that fails it stays where it is."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)

    def call(name, *words):
        if getattr(libc, name)(*words) != 0:
            number = ctypes.get_errno()
            raise OSError(number, "%s: %s" % (name, os.strerror(number)))

    new_mounts = 0x20000  # CLONE_NEWNS, linux/sched.h
    no_suid_dev_exec = 0x2 | 0x4 | 0x8  # MS_NOSUID, MS_NODEV, MS_NOEXEC, linux/mount.h
    opened = [os.open(path, os.O_PATH) for path in ("/", ".")]
    for process in ("self", view["pid"]):
        opened.append(os.open("%s/proc/%s/ns/mnt" % (PLACE, process), os.O_RDONLY))
    here, cwd, mounts, namespace = opened
    try:
        call("setns", namespace, new_mounts)
        try:
            call("unshare", new_mounts)
            root = os.fsencode(view["root"])
            call("mount", b"proc", root + b"/proc", b"proc", no_suid_dev_exec, None)
            os.chroot(root)
            os.chdir(view["cwd"])
        except OSError:
            call("setns", mounts, new_mounts)
            os.fchdir(here)
            os.chroot(".")
            os.fchdir(cwd)
            raise
    finally:
        for descriptor in opened:
            os.close(descriptor)


def say(kind, color, lines):
    """Writes messages where Portage's own functions do; see eqawarn in isolated-functions.sh."""
    if not lines:
        return
    import re

    paint = re.search(r"PORTAGE_COLOR_%s=\$'([^']*)'" % color, os.environ.get("PORTAGE_COLORMAP", ""))
    start, end = (paint.group(1), "\x1b[0m") if paint else ("", "")
    for line in lines:
        sys.stderr.write(" %s*%s %s\n" % (start, end, line))
    sys.stderr.flush()
    note("".join("%s %s\n" % (kind, line) for line in lines))


def note(text):
    """Adds to the messages of this phase, as its shell would: with that one's rights, for it may have put anything there before."""
    child = os.fork()
    if child != 0:
        os.waitpid(child, 0)
        return
    try:
        uid, gid, groups, umask = sys.argv[1:5]
        if uid or gid:
            os.setgroups([int(group) for group in groups.split(",") if group])
        if gid:
            os.setgid(int(gid))
        if uid:
            os.setuid(int(uid))
        if umask:
            os.umask(int(umask))
        messages = os.open(os.environ.get("T", "") + "/logging", os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        how = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_NOFOLLOW
        file = os.open(os.environ["EBUILD_PHASE"], how, 0o666, dir_fd=messages)
        os.write(file, text.encode("utf-8", "replace"))
    finally:
        os._exit(0)


def give_up():
    """Ends a phase as its shell would: Portage takes an end that it was not told of for a bug in bash."""
    if os.environ.get("PORTAGE_IPC_DAEMON"):
        import subprocess

        subprocess.call([os.environ["PORTAGE_BIN_PATH"] + "/ebuild-ipc", "exit", "1"])
    sys.exit(1)


def read_original():
    """The code of the program in whose place this one stands."""
    import json

    with open(PLACE + "/originals", encoding="utf-8") as file:
        originals = json.load(file)
    # A Portage that replaces itself runs a copy of its programs.
    path = next((path for path in (sys.argv[0], os.path.realpath(sys.argv[0])) if path in originals), None)
    return compile(originals[path or next(iter(originals))], sys.argv[0], "exec")


def main():
    phase = os.environ.get("EBUILD_PHASE", "")
    original = read_original()
    server = None
    is_inside = False
    # Metadata is read in this phase, for many ebuilds at once and in no time.
    if phase != "depend":
        import signal

        # Process 1 is not ended by what it does not handle.
        ending = {name: signal.signal(name, lambda number, _: os._exit(128 + number)) for name in (1, 2, 15)}
        try:
            server = Server()
            view = server.ask("begin", facts(phase))
            say("QA", "QAWARN", view["notes"])
            if view["root"] is not None:
                try:
                    enter(view)
                    is_inside = True
                except OSError as error:
                    # Goes on without where a build never fails for that.
                    say("QA", "QAWARN", server.ask("stranded", {"reason": str(error)})["notes"])
        except Refused as error:
            # What does not build does not need lvfs, and Portage has to clean up after it.
            if phase in IN_VIEW:
                say("ERROR", "ERR", ["lvfs: no view for this package: %s" % error])
                give_up()
        except OSError as error:
            # lvfs has ended, and with it emerge: nothing may go on that nobody ends any more.
            say("ERROR", "ERR", ["lvfs: no view for this package: %s" % error])
            sys.exit(1)
        for name, handler in ending.items():
            signal.signal(name, handler)
    try:
        exec(original, {"__name__": "__main__", "__file__": sys.argv[0], "__builtins__": __builtins__})
        status = 0
    except SystemExit as end:
        status = end.code
    if is_inside and (status != 0 or phase == "install"):
        try:
            server.socket.settimeout(PATIENCE)
            lines = server.ask("end", {"status": status if isinstance(status, int) else 1})
            say("QA", "QAWARN", lines)
        except (Refused, OSError) as error:
            say("QA", "QAWARN", ["lvfs: no findings: %s" % error])
    sys.exit(status)


main()
