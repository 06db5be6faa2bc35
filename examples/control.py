#!/usr/bin/env python3
"""Says what a mounted view was asked for in vain, and what the ebuild should declare: control.py MOUNTPOINT

It speaks the control protocol (docs/control-protocol.md) and needs nothing but Python.
"""
import glob, json, os, socket, sys


def connect(mountpoint):
    for meta in glob.glob(os.environ.get("LVFS_RUNTIME_DIR", "/run/lvfs") + "/*/meta.json"):
        if json.load(open(meta, encoding="utf-8"))["mountpoint"] == os.path.realpath(mountpoint):
            connection = socket.socket(socket.AF_UNIX)
            connection.connect(os.path.join(os.path.dirname(meta), "control.sock"))
            return connection.makefile("rw", encoding="utf-8")
    sys.exit(f"{mountpoint}: no view of lvfs is mounted there")


def ask(view, method, **parameters):
    print(json.dumps({"id": 1, "method": method, "params": parameters}), file=view, flush=True)
    answer = json.loads(view.readline())
    return answer["result"] if "result" in answer else sys.exit(answer["error"]["message"])


view = connect(sys.argv[1])
if json.loads(view.readline())["protocol"] != 1:
    sys.exit("lvfs is newer than this example")
for denial in ask(view, "denials")["denials"]:
    print(f"{denial['comm'] or 'somebody'} looked for {denial['path']} of {' '.join(denial['owners'])}")
for missing in ask(view, "report")["report"]["missing"]:
    print(missing["suggest"])
