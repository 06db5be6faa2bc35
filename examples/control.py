#!/usr/bin/env python3
"""Says what a mounted view was asked for in vain, and what the ebuild should declare: control.py MOUNTPOINT

It speaks the control protocol (docs/control-protocol.md) and needs nothing but Python.
"""
import glob, itertools, json, os, socket, sys


class View:
    def __init__(self, mountpoint):
        run = os.environ.get("LVFS_RUNTIME_DIR", "/run/lvfs")
        for meta in glob.glob(run + "/*/meta.json"):
            with open(meta, encoding="utf-8") as file:
                if json.load(file)["mountpoint"] == os.path.realpath(mountpoint):
                    break
        else:
            sys.exit(f"{mountpoint}: no view of lvfs is mounted there")
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(os.path.join(os.path.dirname(meta), "control.sock"))
        self.stream = connection.makefile("rw", encoding="utf-8")
        self.ids = itertools.count(1)
        if json.loads(self.stream.readline())["protocol"] != 1:
            sys.exit("lvfs is newer than this example")

    def ask(self, method, **parameters):
        print(json.dumps({"id": next(self.ids), "method": method, "params": parameters}), file=self.stream, flush=True)
        answer = json.loads(self.stream.readline())
        if "error" in answer:
            sys.exit(answer["error"]["message"])
        return answer["result"]


if __name__ == "__main__":
    view = View(sys.argv[1])
    for denial in view.ask("denials")["denials"]:
        print(f"{denial['comm'] or 'somebody'} looked for {denial['path']} of {' '.join(denial['owners'])}")
    for missing in view.ask("report")["report"]["missing"]:
        print(missing["suggest"])
