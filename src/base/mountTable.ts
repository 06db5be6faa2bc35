/** The mount table: what is mounted where. The only place that knows how a platform tells; see docs/porting.md. */
import { readFileSync } from 'node:fs';

/** One mount; a line of /proc/self/mountinfo, see proc_pid_mountinfo(5). */
export interface MountEntry {
  readonly id: number;
  /** The mount that this one lies in or on. */
  readonly parent: number;
  /** `major:minor`, as in stat(2); for FUSE the minor number names the connection in /sys/fs/fuse/connections. */
  readonly device: string;
  /** Where it is mounted; bytes that are not UTF-8 are U+FFFD. */
  readonly mountpoint: string;
  /** The same, one character for each byte (latin1). */
  readonly mountpointBytes: string;
  readonly type: string;
  readonly source: string;
  /** Options of the file system, as it has them. */
  readonly options: string;
}

/**
 * The mounts of this process's namespace, in the order in which they were made. Touches none of them.
 *
 * @throws the error of readFile where there is no /proc
 */
export function readMountTable(): MountEntry[] {
  return parseMountTable(readFileSync('/proc/self/mountinfo', 'latin1'));
}

/** Parses the text of a mountinfo file, one character for each byte. Lines of another form are passed over. */
export function parseMountTable(text: string): MountEntry[] {
  const entries: MountEntry[] = [];
  for (const line of text.split('\n')) {
    const fields = line.split(' ');
    const dash = fields.indexOf('-', 6);
    const [id, parent, device, , mountpoint] = fields;
    const type = fields[dash + 1];
    const source = fields[dash + 2];
    if (dash === -1 || mountpoint === undefined || type === undefined) continue;
    const mountpointBytes = unescape(mountpoint);
    entries.push({
      id: Number(id),
      parent: Number(parent),
      device: device ?? '',
      mountpoint: utf8(mountpointBytes),
      mountpointBytes,
      type,
      source: utf8(unescape(source ?? '')),
      options: fields[dash + 3] ?? '',
    });
  }
  return entries;
}

/**
 * Whether a process group is that of an automounter, as that of mount(8) is when systemd runs it.
 *
 * @param mounts what is mounted; autofs tells whom it lets through (Documentation/filesystems/autofs.rst, "pgrp=")
 */
export function isAutomounting(
  mounts: readonly Pick<MountEntry, 'type' | 'options'>[],
  group: number | undefined,
): boolean {
  return mounts.some(
    ({ type, options }) => type === 'autofs' && options.split(',').includes(`pgrp=${group}`),
  );
}

/** Undoes the kernel's `\ooo` for space, tab, line end and backslash. */
function unescape(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
}

function utf8(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
