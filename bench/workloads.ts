/** What is measured: passes of the client over lists of paths, and whole programs in a chroot. */
import { existsSync, lstatSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './peers.js';

/** One pass, in seconds for `count` things. */
export interface Pass {
  /** Wall time: the median when there were several passes. */
  readonly seconds: number;
  /** Processor time of the programs run in a chroot, of all passes. */
  readonly cpu: number;
  readonly count: number;
}

/** What lvfs should reach at a workload. Times are ratios to native. */
export interface Aim {
  /** On a fresh mount, at most. */
  readonly cold?: number;
  /** On a fresh mount, faster than each of the other FUSE filesystems. */
  readonly ahead?: boolean;
  readonly warm: number;
  /** Requests on a fresh mount, at most. On a warm one there should be none. */
  readonly requests?: number;
  /** Requests on a fresh mount, at most half of what any other FUSE filesystem needs. */
  readonly halfTheRequests?: boolean;
}

/** A measured piece of work. */
export interface Workload {
  readonly name: string;
  readonly title: string;
  readonly aim: Aim;
  /** Runs client and daemon on one CPU: a request then costs what it costs, not what waking another CPU does. */
  readonly pinned: boolean;
  /** Needs a chroot: native is a bind mount then. */
  readonly chroot: boolean;
  /** Does the same so many times, in one process. */
  pass(root: string, times: number): Pass;
}

/** How large the workloads are. */
export interface Scale {
  missing: number;
  /** Small files that are read. */
  files: number;
  scattered: number;
  execs: number;
  units: number;
  readlinks: number;
  /** Bytes of big files. */
  big: number;
  /** Entries of the big directory. */
  listing: number;
}

export const fullScale: Scale = {
  missing: 20_000,
  files: Infinity,
  scattered: 20_000,
  execs: 2000,
  units: 150,
  readlinks: 20_000,
  big: 600 * 2 ** 20,
  listing: 20_000,
};
export const quickScale: Scale = {
  missing: 200,
  files: 300,
  scattered: 500,
  execs: 20,
  units: 2,
  readlinks: 500,
  big: 20 * 2 ** 20,
  listing: 500,
};

/** All there are; the last two only where compiler, make and autoconf are. */
export const workloadNames = [
  'walk',
  'missing',
  'read',
  'readlink',
  'listing',
  'sequential',
  'scattered',
  'walk4',
  'read4',
  'exec',
  'make',
  'configure',
] as const;

/** Directory, below every root, in which a chrooted workload finds {@link Workloads.work}. */
export const workInside = '/tmp';

interface Lists {
  includeFiles: Buffer[];
  includeDirectories: Buffer[];
  links: Buffer[];
  big: Buffer[];
}

/**
 * Prepares the workloads. `exemplar` is a mounted view: only paths that it shows are used, so that every peer does the
 * same work. `scratch` is on the host; `bigDirectory` is a directory that all peers show.
 */
export function prepareWorkloads(
  exemplar: string,
  scratch: string,
  bigDirectory: string,
  scale: Scale,
): Workload[] {
  const lists = collect(exemplar, scale);
  const work = join(scratch, 'work');
  mkdirSync(work, { recursive: true });
  const clientFile = join(import.meta.dirname, '../../bench/client.py');
  let lastList = 0;
  const listOf = (items: readonly Buffer[]): string => {
    const list = join(scratch, `list-${++lastList}`);
    writeFileSync(list, Buffer.concat(items.flatMap((item) => [item, Buffer.of(0)])));
    return list;
  };
  const runClient = (pinned: boolean, args: readonly (string | number)[]): Pass => {
    const command = ['/usr/bin/python3', clientFile, ...args.map(String)];
    return JSON.parse(run(pinned ? 'taskset' : 'env', pinned ? ['-c', '0', ...command] : command)) as Pass;
  };

  const client = (
    name: string,
    title: string,
    workload: string,
    paths: readonly Buffer[],
    aim: Aim,
    options: { number?: number; pinned?: boolean } = {},
  ): Workload => {
    const pinned = options.pinned ?? true;
    const list = listOf(paths);
    return {
      name,
      title: `${title} (${options.number ?? paths.length})`,
      aim,
      pinned,
      chroot: false,
      pass: (root, times) => runClient(pinned, [workload, root, list, options.number ?? 0, times]),
    };
  };
  const inChroot = (name: string, title: string, script: string, aim: Aim): Workload => {
    const list = listOf([Buffer.from(script)]);
    return {
      name,
      title,
      aim,
      pinned: false,
      chroot: true,
      pass: (root, times) => runClient(false, ['chroot', root, list, 0, times]),
    };
  };

  const bytes = (text: string) => [Buffer.from(text)];
  const { includeFiles, includeDirectories, links, big } = lists;
  const include = bytes('usr/include');
  const warm = 1.1;
  const ahead = { ahead: true, warm };
  const workloads = [
    client('walk', 'walk and stat of /usr/include', 'walk', include, {
      ...ahead,
      cold: 3.5,
      halfTheRequests: true,
    }),
    client(
      'missing',
      'missing names',
      'missing',
      includeDirectories,
      { ...ahead, cold: 5.5 },
      { number: scale.missing },
    ),
    client('read', 'open and read of small files, /usr/include', 'read', includeFiles, {
      ...ahead,
      cold: 4,
      halfTheRequests: true,
    }),
    client('readlink', 'readlink below /usr', 'readlink', links, ahead),
    client('listing', `listing of ${scale.listing} entries`, 'listing', bytes(bigDirectory.slice(1)), ahead),
    client('sequential', 'sequential read of big files', 'sequential', big, ahead),
    client('scattered', 'random 4 KiB reads', 'scattered', big, ahead, { number: scale.scattered }),
    client('walk4', 'four processes walk', 'walk4', include, { warm }, { pinned: false }),
    client('read4', 'four processes open and read', 'read4', includeFiles, { warm }, { pinned: false }),
    inChroot(
      'exec',
      `${scale.execs} fork+exec of a dynamic program in the chroot`,
      `i=0; while [ $i -lt ${scale.execs} ]; do /usr/bin/true; i=$((i+1)); done`,
      { cold: 1.03, warm: 1.03 },
    ),
  ];
  if (existsSync(join(exemplar, 'usr/bin/gcc')) && existsSync(join(exemplar, 'usr/bin/make'))) {
    writeProject(join(work, 'project'), scale.units);
    workloads.push(
      inChroot(
        'make',
        `make -j2 of ${scale.units} C files in the chroot`,
        `cd ${workInside}/project && make -s clean && make -s -j2`,
        { cold: 1.05, warm: 1.02, requests: 3000 },
      ),
    );
    if (existsSync(join(exemplar, 'usr/bin/autoconf'))) {
      writeConfigure(join(work, 'configure'));
      workloads.push(
        inChroot(
          'configure',
          './configure in the chroot',
          `cd ${workInside}/configure && rm -f config.cache && ./configure -q --cache-file=/dev/null`,
          { cold: 1.05, warm: 1.02 },
        ),
      );
    }
  }
  return workloads;
}

function collect(root: string, scale: Scale): Lists {
  const lists: Lists = { includeFiles: [], includeDirectories: [], links: [], big: [] };
  const big: { path: Buffer; size: number }[] = [];
  const visit = (relative: string, inInclude: boolean) => {
    for (const entry of readdirSync(join(root, relative), { withFileTypes: true })) {
      const path = `${relative}/${entry.name}`;
      if (entry.isDirectory()) {
        if (inInclude) lists.includeDirectories.push(Buffer.from(path));
        visit(path, inInclude || path === 'usr/include');
      } else if (entry.isSymbolicLink()) {
        if (lists.links.length < scale.readlinks) lists.links.push(Buffer.from(path));
      } else if (entry.isFile()) {
        if (inInclude && lists.includeFiles.length < scale.files) lists.includeFiles.push(Buffer.from(path));
        else if (!inInclude && path.startsWith('usr/lib')) {
          const { size } = lstatSync(join(root, path));
          if (size > 4 * 2 ** 20) big.push({ path: Buffer.from(path), size });
        }
      }
    }
  };
  visit('usr', false);
  let total = 0;
  for (const { path, size } of big.sort((a, b) => b.size - a.size)) {
    if (total + size > scale.big) continue;
    total += size;
    lists.big.push(path);
  }
  if (lists.includeFiles.length === 0)
    throw new Error('the view has no /usr/include: install a C library for development');
  return lists;
}

/** C files that include much of what is there, as real ones do. */
function writeProject(directory: string, units: number): void {
  mkdirSync(directory, { recursive: true });
  const headers = [
    'stdio.h',
    'stdlib.h',
    'string.h',
    'unistd.h',
    'sys/stat.h',
    'sys/socket.h',
    'netinet/in.h',
    'pthread.h',
    'signal.h',
    'time.h',
    'math.h',
    'locale.h',
    'dirent.h',
    'errno.h',
    'fcntl.h',
    'poll.h',
  ];
  for (let i = 0; i < units; i++) {
    const used = headers.filter((_, at) => (i + at) % 5 !== 0);
    const body = `${used.map((name) => `#include <${name}>`).join('\n')}\nint unit_${i}(int x) { return x * ${i}; }\n`;
    writeFileSync(join(directory, `unit${i}.c`), body);
  }
  writeFileSync(
    join(directory, 'Makefile'),
    'SRC := $(wildcard unit*.c)\nall: libunits.a\nlibunits.a: $(SRC:.c=.o)\n\tar rc $@ $^\n%.o: %.c\n\tgcc -O1 -c -o $@ $<\nclean:\n\trm -f *.o *.a\n',
  );
}

/** A configure script as autoconf makes them, with the checks that packages have. */
function writeConfigure(directory: string): void {
  mkdirSync(directory, { recursive: true });
  const headers =
    'fcntl.h limits.h locale.h netdb.h netinet/in.h paths.h stddef.h sys/ioctl.h sys/param.h sys/socket.h sys/time.h syslog.h termios.h utime.h wchar.h zlib.h';
  const functions =
    'atexit dup2 fork getcwd gethostname gettimeofday isatty localtime_r memmove memset mkdir mkfifo mmap munmap nl_langinfo poll realpath select setlocale sigaction socket strcasecmp strchr strdup strerror strstr strtol uname vfork wait4';
  writeFileSync(
    join(directory, 'configure.ac'),
    `AC_INIT([bench],[1])\nAC_PROG_CC\nAC_PROG_AWK\nAC_PROG_SED\nAC_PROG_GREP\nAC_PROG_RANLIB\nAC_C_BIGENDIAN\nAC_SYS_LARGEFILE\nAC_CHECK_HEADERS([${headers}])\nAC_CHECK_FUNCS([${functions}])\nAC_CHECK_LIB([m],[cos])\nAC_CHECK_LIB([z],[inflate])\nAC_CHECK_SIZEOF([long])\nAC_TYPE_SIZE_T\nAC_STRUCT_TM\nAC_CONFIG_HEADERS([config.h])\nAC_OUTPUT\n`,
  );
  run('sh', ['-c', `cd ${directory} && autoheader && autoconf`]);
  statSync(join(directory, 'configure'));
}
