/**
 * Every error for users: its code, which is stable and the same over the control socket, the status that the command ends with, what it means, and
 * what the user can do where that is the same wherever it happens. docs/errors.md is made from it.
 */
import { exitStatus, type ExitStatus } from './exitStatus.js';

/** What is said of a code. */
interface ErrorRow {
  /** The status; of several, the first unless whoever throws names another one. */
  readonly exit: ExitStatus | readonly [ExitStatus, ...ExitStatus[]];
  readonly means: string;
  readonly hint?: string;
}

const rows = {
  BAD_BIND: {
    exit: exitStatus.usage,
    means: 'a `--bind` or `--ro` that cannot be: not absolute, not there, over another',
  },
  BAD_CONFIG: {
    exit: exitStatus.usage,
    means: 'a setting that is no setting, or has a wrong value; file and line, variable or option are named',
  },
  BAD_REQUEST: { exit: exitStatus.usage, means: 'the control socket was asked for what is no request' },
  GLOB: { exit: exitStatus.usage, means: 'a pattern that cannot be read' },
  ONE_TARGET: { exit: exitStatus.usage, means: 'one target is wanted here' },
  OTHER_ROOT: { exit: exitStatus.usage, means: 'what is asked about lies in another root' },
  SYSROOT_AND_PREFIX: { exit: exitStatus.usage, means: 'a sysroot and a Gentoo Prefix cannot be combined' },
  USAGE: { exit: exitStatus.usage, means: 'the command line cannot be understood' },
  BAD_SYSTEM_PATH: { exit: exitStatus.failure, means: 'a `[[system-path]]` that cannot be one' },
  BUG: { exit: exitStatus.failure, means: 'lvfs did what it must not; please report it' },
  CANCELLED: { exit: exitStatus.failure, means: 'interrupted, or whoever asked has gone' },
  CANNOT_READ: { exit: exitStatus.failure, means: 'a file that was named cannot be read' },
  CANNOT_WRITE: { exit: exitStatus.failure, means: 'a file that was to be written cannot be' },
  DAEMON_DIED: {
    exit: [exitStatus.failure, exitStatus.cannotMount],
    means: 'the daemon ended before the view answered; its last line is told',
  },
  INCOMPLETE: {
    exit: exitStatus.failure,
    means: '`check` ended before all targets were checked',
    hint: 'check them, and merge once more',
  },
  INSIDE: { exit: exitStatus.failure, means: 'who is in a view cannot change it', hint: 'ask from outside' },
  INTERNAL: {
    exit: exitStatus.failure,
    means: 'a daemon had an error that it did not expect; please report it',
  },
  MOUNT_BUSY: { exit: exitStatus.failure, means: 'the view is in use and cannot be unmounted' },
  MOUNT_HELD: {
    exit: exitStatus.failure,
    means: 'the view is unmounted, but another mount namespace still has it',
  },
  NOT_OURS: {
    exit: exitStatus.failure,
    means: 'a file that lvfs did not make is in the place of one of its own',
  },
  NO_BASH: { exit: exitStatus.failure, means: '`shell --here` in a view without bash' },
  NO_BUILD: { exit: exitStatus.failure, means: '`shell --here`: nothing of a build that failed is there' },
  NO_DRIVER: { exit: exitStatus.failure, means: 'there is no driver of that name' },
  NO_IMAGE: { exit: exitStatus.failure, means: 'a build that went well left nothing to compare' },
  NO_INIT_PROGRAM: {
    exit: exitStatus.failure,
    means: "Portage's pid-ns-init is not where it should be",
    hint: 'Portage has it since 2.3.50',
  },
  NO_JOURNAL: {
    exit: exitStatus.failure,
    means: 'there is no run of `check` to go on with',
    hint: 'give a directory that --results has made, a journal of one, or what lvfs check --json printed',
  },
  NO_PID_SANDBOX: { exit: exitStatus.failure, means: '`lvfs emerge` needs `pid-sandbox` in FEATURES' },
  NOT_EXECUTABLE: {
    exit: exitStatus.notExecutable,
    means: '`run`: the command is a directory, or nobody may execute it',
  },
  NO_PROGRAM: {
    exit: [exitStatus.failure, exitStatus.commandNotFound],
    means: 'a program that is needed is not there',
  },
  NO_SPACE: { exit: exitStatus.failure, means: 'a file system is too full to go on' },
  NO_SUCH_PATH: { exit: exitStatus.failure, means: 'a path does not exist on the host' },
  NO_TARGETS: { exit: exitStatus.failure, means: 'nothing to check is named' },
  NO_WORKING_DIRECTORY: {
    exit: exitStatus.failure,
    means: 'the current directory has been removed',
    hint: 'cd to another one, or give absolute paths',
  },
  OUTPUT: { exit: exitStatus.failure, means: 'standard output cannot be written' },
  REMEDY_FAILED: { exit: exitStatus.failure, means: 'what `doctor --fix` tried to mend is as it was' },
  RESULTS_EXIST: {
    exit: exitStatus.failure,
    means: 'the directory has verdicts already',
    hint: '--resume goes on with them',
  },
  SHORTAGE: {
    exit: exitStatus.failure,
    means: 'the machine is short of something; the hint says how to get more',
  },
  SYSTEM_CALLS: {
    exit: exitStatus.failure,
    means: '`koffi` cannot be loaded, by which system calls are made',
    hint: 'install the package koffi for this machine (npm ci); until then extended attributes are not shown, and changes on the host that are no merges are seen late',
  },
  TIMEOUT: {
    exit: exitStatus.failure,
    means: 'it took longer than it may',
    hint: 'give it more with --timeout',
  },
  TOO_MANY_RULES: {
    exit: exitStatus.failure,
    means: 'more globs than a view can have',
    hint: 'use globs that cover more',
  },
  UNMOUNT_FAILED: { exit: exitStatus.failure, means: 'the kernel refused to unmount' },
  VIEW_DIED: { exit: exitStatus.failure, means: 'the process that served a view ended while it was in use' },
  AMBIGUOUS_ATOM: {
    exit: exitStatus.noPackage,
    means: 'several packages have that name; all are named',
    hint: 'name the category too',
  },
  INVALID_EBUILD: {
    exit: exitStatus.noPackage,
    means: "the ebuild's metadata cannot be used",
    hint: 'emerge refuses it too, whatever is unmasked: mend the ebuild, or name another version',
  },
  MASKED: { exit: exitStatus.noPackage, means: 'each version that matches is masked, and by what' },
  NOT_INSTALLED: { exit: exitStatus.noPackage, means: 'no installed package matches' },
  NOT_VISIBLE: {
    exit: exitStatus.noPackage,
    means: 'a package is not in the visible set',
    hint: "'lvfs deps' without --why lists the set",
  },
  NO_EBUILD: { exit: exitStatus.noPackage, means: 'there is no ebuild to mend' },
  REQUIRED_USE: { exit: exitStatus.noPackage, means: 'the USE flags do not go together' },
  UNKNOWN_EBUILD: { exit: exitStatus.noPackage, means: 'there is no such ebuild' },
  UNKNOWN_PACKAGE: { exit: exitStatus.noPackage, means: 'no repository has such a package' },
  UNKNOWN_SET: { exit: exitStatus.noPackage, means: 'there is no such set' },
  UNKNOWN_VERSION: { exit: exitStatus.noPackage, means: 'the package has no such version' },
  UNSUPPORTED_SET: {
    exit: exitStatus.noPackage,
    means: 'the set is of a class that lvfs cannot compute',
    hint: 'name its packages, or put them into a file below /etc/portage/sets',
  },
  MISSING_DEPENDENCIES: {
    exit: exitStatus.notInstalled,
    means: 'build dependencies are not installed; all are named',
  },
  EBUILD_SYNTAX: {
    exit: exitStatus.portageData,
    means: 'the ebuild has an error in its syntax, so that not even its EAPI counts',
  },
  INVALID_ATOM: {
    exit: [exitStatus.portageData, exitStatus.noPackage],
    means: "what was given, or Portage's data has, is no atom",
  },
  INVALID_DEPENDENCY: { exit: exitStatus.portageData, means: 'a dependency string that is none' },
  MAKE_CONF: { exit: exitStatus.portageData, means: 'make.conf, or a file like it, cannot be read' },
  NO_CONFIG_ROOT: {
    exit: exitStatus.portageData,
    means: 'there is no etc/portage where it should be',
    hint: 'unset it, or name another directory with --config-root',
  },
  NO_PROFILE: { exit: exitStatus.portageData, means: 'there is no profile' },
  NO_REPOSITORY: { exit: exitStatus.portageData, means: 'there is no repository' },
  NO_ROOT: {
    exit: exitStatus.portageData,
    means: 'the root is not there',
    hint: "--root names the tree that is shown, such as a mounted stage; 'lvfs config' prints what is set and where",
  },
  NO_SYSROOT: {
    exit: exitStatus.portageData,
    means: 'the sysroot is not there',
    hint: 'crossdev makes one in /usr/<CHOST>; a mounted stage may lie anywhere below the root',
  },
  PROFILE: { exit: exitStatus.portageData, means: 'a file of the profile cannot be used' },
  SETS_CONF: { exit: exitStatus.portageData, means: 'sets.conf cannot be used' },
  STALE_METADATA: {
    exit: exitStatus.portageData,
    means: 'there is no cached metadata, and no Portage to make it',
  },
  UNREADABLE: { exit: exitStatus.portageData, means: "a file of Portage's cannot be read" },
  UNSOURCEABLE: {
    exit: exitStatus.portageData,
    means: 'bash cannot source the ebuild; what it said is told',
  },
  UNSUPPORTED_EAPI: { exit: exitStatus.portageData, means: 'an EAPI that lvfs does not know' },
  VDB_UNREADABLE: {
    exit: exitStatus.portageData,
    means: 'the database of installed packages cannot be read',
    hint: "'lvfs config' prints where it is looked for; --root or --vdb names another place",
  },
  ALREADY_MOUNTED: { exit: exitStatus.cannotMount, means: 'a view is mounted there already' },
  BAD_MOUNTPOINT: { exit: exitStatus.cannotMount, means: 'the path of the mount point is not UTF-8' },
  BELOW_VIEW: { exit: exitStatus.cannotMount, means: 'the mount point lies below another view' },
  BIND_FAILED: {
    exit: exitStatus.cannotMount,
    means: 'something cannot be mounted over the view',
    hint: 'lvfs … --no-binds does without',
  },
  CONTROL_SOCKET: { exit: exitStatus.cannotMount, means: 'the control socket cannot be made' },
  COVER_FAILED: {
    exit: exitStatus.cannotMount,
    means: 'other views cannot be taken out of sight',
    hint: "'lvfs doctor' says what is missing",
  },
  FUSE_DEVICE: { exit: exitStatus.cannotMount, means: '/dev/fuse gave an error while it was read' },
  FUSE_PROTOCOL: {
    exit: exitStatus.cannotMount,
    means: 'the kernel speaks a version of the protocol that is too old',
    hint: 'use a newer kernel, or another driver',
  },
  FUSE_UNAVAILABLE: {
    exit: exitStatus.cannotMount,
    means: '/dev/fuse, or what a driver needs, is not there',
  },
  MOUNTING: {
    exit: exitStatus.cannotMount,
    means: 'somebody else is mounting there',
    hint: 'wait for it, or choose another directory',
  },
  MOUNTPOINT_IS_ROOT: {
    exit: exitStatus.cannotMount,
    means: 'the root that is shown cannot be the mount point',
  },
  MOUNTPOINT_NOT_EMPTY: { exit: exitStatus.cannotMount, means: 'the mount point has something in it' },
  MOUNT_FAILED: { exit: exitStatus.cannotMount, means: 'the kernel, or mount(8), refused to mount' },
  MOUNT_POINT: { exit: exitStatus.cannotMount, means: 'that cannot be mounted on' },
  NOT_A_DIRECTORY: { exit: exitStatus.cannotMount, means: 'the mount point is no directory' },
  NOT_ROOT: { exit: exitStatus.cannotMount, means: 'only root can do this' },
  NOT_SERVED: { exit: exitStatus.cannotMount, means: 'the view is mounted and does not answer' },
  NO_MOUNTPOINT: { exit: exitStatus.cannotMount, means: 'the mount point is not there' },
  NO_NAMESPACE: { exit: exitStatus.cannotMount, means: 'no mount namespace can be made, or entered' },
  NO_RUNTIME_DIR: { exit: exitStatus.cannotMount, means: 'there is no place to record the view' },
  NO_TOOL: {
    exit: [exitStatus.cannotMount, exitStatus.runFailed],
    means: 'a program of util-linux is missing',
    hint: 'install util-linux',
  },
  STALE_MOUNT: { exit: [exitStatus.cannotMount, exitStatus.noMount], means: 'a mount whose daemon has died' },
  NOT_MOUNTED: { exit: exitStatus.noMount, means: 'no view is mounted there' },
  NO_ANSWER: { exit: exitStatus.noMount, means: 'the daemon of the view does not answer' },
} as const satisfies Readonly<Record<string, ErrorRow>>;

/** The code of an error for users. */
export type ErrorCode = keyof typeof rows;

/** What is said of each code. */
export const errorTable: Readonly<Record<ErrorCode, ErrorRow>> = rows;

/** Whether a value is the code of an error for users, as one of another version of lvfs may not be. */
export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(rows, value);
}

/** The statuses that a code may end with, the usual one first. */
export function statusesOf(code: ErrorCode): readonly [ExitStatus, ...ExitStatus[]] {
  const { exit } = errorTable[code];
  return typeof exit === 'number' ? [exit] : exit;
}
