/**
 * Every exit status of the `lvfs` command. Node itself uses 1 and 3–14 for its own failures, so scripts should
 * act on 2 and on 20 and above only.
 */
export const exitStatus = {
  /** Done. */
  ok: 0,
  /** Failed for another stated reason. */
  failure: 1,
  /** Wrong usage of the command line. */
  usage: 2,
  /** No such package or version, an ambiguous name, or a masked one. */
  noPackage: 20,
  /** Build dependencies are not installed. */
  notInstalled: 21,
  /** Portage's data is unreadable or malformed. */
  portageData: 22,
  /** Cannot mount: no /dev/fuse, no rights, busy or stale mount point. */
  cannotMount: 23,
  /** No such mount, or its daemon does not answer. */
  noMount: 24,
  /** `build`, `check`: the build failed. */
  buildFailed: 29,
  /** `build`, `check`, `report --strict`: undeclared dependencies were found. */
  undeclared: 30,
  /** `run`, `shell`: lvfs itself failed before the command could run. */
  runFailed: 125,
  /** `run`, `shell`: the command was found but could not be executed. */
  notExecutable: 126,
  /** `run`, `shell`: the command was not found. */
  commandNotFound: 127,
} as const;

/** One of the documented exit statuses. */
export type ExitStatus = (typeof exitStatus)[keyof typeof exitStatus];

const all: ReadonlySet<unknown> = new Set(Object.values(exitStatus));

/** Whether a value is one of the documented exit statuses. */
export function isExitStatus(value: unknown): value is ExitStatus {
  return all.has(value);
}
