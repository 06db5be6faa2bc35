/**
 * A Portage that does nothing but what matters to lvfs: `emerge PACKAGE…` starts the phases of each package, as Portage 3.0 does it, by
 * `pid-ns-init` in new mount and process namespaces with a /proc of their own, with what a phase is to do in its place. `+` before a
 * package: at the same time as the one before it. As with Portage what does not build comes before and after.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readlinkSync, lstatSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { gentooRoot, repositoryPath, type GentooRoot, type GentooRootSpec } from './gentooRoot.js';
import { sandbox, type Sandbox } from './lvfs.js';

/** The interface of Portage's: uid, gid, groups, umask, descriptors, program, its arguments. */
const pidNsInit = `import atexit, os, subprocess, sys, time
# An interpreter takes its time to end, and what it holds open is closed long before.
atexit.register(time.sleep, 0.3)
uid, gid, groups, umask, fds, binary, args = sys.argv[1:7] + [sys.argv[7:]]
child = subprocess.Popen(args, executable=binary, pass_fds=[int(fd) for fd in fds.split(",")],
                         umask=int(umask) if umask else -1, user=int(uid) if uid else None, group=int(gid) if gid else None)
status = child.wait()
sys.exit(status if status >= 0 else 128 - status)
`;

const emerge = `import json, os, signal, subprocess, sys
# As Portage does, which waits for its phases; this one says in a file that it was asked to end.
if "FAKE_ENDING" in os.environ: signal.signal(signal.SIGTERM, lambda *_: open(os.environ["FAKE_ENDING"], "w").close())
HERE = os.path.dirname(os.path.realpath(__file__))
PHASES = ("setup", "unpack", "compile", "install", "instprep", "preinst")

def phase(package, name, script, settings):
    category, pf = package.split("/")
    top = os.environ["FAKE_TMPDIR"] + "/portage/" + package
    os.makedirs(top + "/temp/logging", exist_ok=True)
    env = dict(os.environ, EBUILD_PHASE=name, CATEGORY=category, PF=pf, T=top + "/temp", PORTAGE_BUILDDIR=top, USE="amd64",
               PORTAGE_TMPDIR=os.environ["FAKE_TMPDIR"], PORTAGE_LOG_FILE=top + "/temp/build.log",
               EBUILD="${repositoryPath}/%s/%s/%s.ebuild" % (category, pf.rsplit("-", 1)[0], pf), **settings)
    log = open(top + "/temp/build.log", "ab")
    init = [sys.executable, HERE + "/pid-ns-init", "", "", "", "18", "0,1,2,9", "/bin/sh", "[%s] sh" % package, "-c", script]
    start = 'mount --make-rslave / && mount -t proc proc /proc && exec "$@"'
    return subprocess.Popen(["unshare", "--mount", "--propagation", "unchanged", "--pid", "--fork", "sh", "-c", start, "sh"] + init,
                            env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=[9])

os.dup2(os.open("/dev/null", os.O_RDONLY), 9)
orders = json.load(open(os.environ["FAKE_ORDERS"]))

def build(package):
    order = orders[package]
    for name in PHASES:
        if name not in order and name != "install": continue
        script = order.get(name, ":")
        if name == "preinst":
            if subprocess.call(["sh", "-c", script]) != 0: return 1
        elif phase(package, name, script, order.get("settings", {})).wait() != 0: return 1
    return 0

def main(words):
    status, children = 0, []
    for i, word in enumerate(words):
        if not word.startswith("+"):
            for child in children: status = max(status, child.wait())
            children = []
            if status: return status
        children.append(subprocess.Popen([sys.executable, __file__, "--one", word.lstrip("+")]))
    for child in children: status = max(status, child.wait())
    return status

if sys.argv[1:2] == ["--version"]: print("fake"), sys.exit(0)
sys.exit(build(sys.argv[2]) if sys.argv[1:2] == ["--one"] else main(sys.argv[1:]))
`;

/** What a package's phases do, each a script of sh; `settings` are variables of its configuration. */
export type Order = Readonly<
  Partial<Record<'setup' | 'unpack' | 'compile' | 'install' | 'instprep' | 'preinst', string>> & {
    settings: Readonly<Record<string, string>>;
  }
>;

/** A system with this Portage. */
export interface FakePortage extends Sandbox {
  readonly gentoo: GentooRoot;
  /** Says what packages do. */
  order(orders: Readonly<Record<string, Partial<Order>>>): void;
  /** Where packages are built. */
  readonly buildDirectory: string;
}

const portage = '/opt/lvfs-portage/bin';

/** Everything is gone after the test. */
export async function withFakePortage(
  t: ExecutionContext,
  spec: Pick<GentooRootSpec, 'packages' | 'ebuilds'> = {},
  environment: NodeJS.ProcessEnv = {},
): Promise<FakePortage> {
  const gentoo = await gentooRoot({
    packages: {
      'sys-apps/portage-3': {
        files: {
          [`${portage}/emerge`]: { text: `#!/usr/bin/python3\n${emerge}`, mode: 0o755 },
          [`${portage}/pid-ns-init`]: pidNsInit,
        },
      },
      'dev-libs/bar-1': { files: { '/opt/bar/bar.h': 'bar' } },
      'dev-util/tool-1': { files: { '/opt/tool/tool': { text: '#!/bin/sh\necho tool\n', mode: 0o755 } } },
      ...spec.packages,
    },
    ebuilds: { 'dev-libs/foo-1': { DEPEND: 'dev-libs/bar' }, 'dev-libs/other-2': {}, ...spec.ebuilds },
    system: ['sys-apps/portage'],
    makeConf: 'FEATURES="pid-sandbox"\n',
  });
  const mounts: string[] = [];
  const bind = (from: string, to: string): void => {
    mkdirSync(to, { recursive: true });
    spawnSync('mount', ['--bind', from, to]);
    mounts.push(to);
  };
  for (const path of ['/bin', '/sbin', '/lib', '/lib64']) {
    if (!existsSync(path)) continue;
    if (lstatSync(path).isSymbolicLink()) symlinkSync(readlinkSync(path), gentoo.path(path));
    else bind(path, gentoo.path(path));
  }
  bind('/usr', gentoo.path('/usr'));
  // At the same place outside.
  bind(gentoo.path('/opt'), '/opt');
  const box = sandbox({
    LVFS_ROOT: gentoo.root,
    LVFS_SHOW: '/bin /sbin /lib /lib64 /usr',
    PATH: `${portage}:/usr/sbin:/usr/bin:/sbin:/bin`,
    ...environment,
  });
  mkdirSync(gentoo.path(box.directory), { recursive: true });
  const orders = join(box.directory, 'orders.json');
  t.teardown(() => {
    for (const mount of mounts.reverse()) spawnSync('umount', ['--lazy', mount]);
    gentoo.cleanup();
    box.cleanup();
  });
  Object.assign(box.environment, { FAKE_TMPDIR: box.directory, FAKE_ORDERS: orders });
  return {
    ...box,
    gentoo,
    buildDirectory: join(box.directory, 'portage'),
    order: (all) => writeFileSync(orders, JSON.stringify(all)),
  };
}
