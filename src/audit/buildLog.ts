/**
 * What the tools of a build say about what they did not find. Some needs leave no trace in the filesystem: Python reads
 * a directory once and then never asks for a name that was not in it. Their message is the only evidence.
 */
import { stripVTControlCharacters } from 'node:util';
import type { PathKind } from './pathKinds.js';

/** Something a tool said it could not find. */
export interface Complaint {
  kind: PathKind;
  /** What was missing, as the tool named it: `zlib.h`, `docutils`, `z`, `flex`. */
  name: string;
  /** Ends of the paths that would have satisfied it, to be looked for among the hidden files. */
  endings: readonly string[];
  /** The line of the build's output. */
  line: string;
  /** The tool gave up over it; otherwise it may have been asked by a configure script that went on. */
  fatal: boolean;
}

interface Pattern {
  pattern: RegExp;
  kind: PathKind;
  fatal: boolean;
  endings: (name: string) => string[];
}

const header = (name: string) => [`/include/${name}`, `/${name}`];
const python = (name: string) => {
  const module = name.replaceAll('.', '/');
  return ['/__init__.py', '.py'].flatMap((end) => [
    `/site-packages/${module}${end}`,
    `/dist-packages/${module}${end}`,
  ]);
};
const executable = (name: string) => [`/bin/${name}`, `/sbin/${name}`];
const pkgConfig = (name: string) => [`/pkgconfig/${name}.pc`];
const cmake = (name: string) => [
  `/${name}Config.cmake`,
  `/${name.toLowerCase()}-config.cmake`,
  `/Find${name}.cmake`,
];

/** The quotes that tools put around names, in any locale. */
const q = `["'‘’“”\`]?`;

const patterns: readonly Pattern[] = [
  {
    pattern: /fatal error: ([\w+./-]+\.\w+): No such file or directory/,
    kind: 'header',
    fatal: true,
    endings: header,
  },
  { pattern: /fatal error: '([\w+./-]+\.\w+)' file not found/, kind: 'header', fatal: true, endings: header },
  {
    pattern: /(?:cannot find|unable to find library) -l:?([\w+.-]+)/,
    kind: 'library',
    fatal: true,
    endings: (name) => [`/lib${name}.so`, `/lib${name}.a`],
  },
  {
    pattern: /Can't locate ([\w/]+\.pm) in @INC/,
    kind: 'perl',
    fatal: true,
    endings: (name) => [`/${name}`],
  },
  { pattern: new RegExp(`No module named ${q}([\\w.]+)`), kind: 'python', fatal: true, endings: python },
  {
    pattern: new RegExp(`No package ${q}([\\w+.-]+)${q} found`),
    kind: 'pkg-config',
    fatal: true,
    endings: pkgConfig,
  },
  {
    pattern: new RegExp(`Package ${q}([\\w+.-]+)${q},? (?:required by .*, )?(?:was )?not found`),
    kind: 'pkg-config',
    fatal: true,
    endings: pkgConfig,
  },
  { pattern: /Dependency ([\w+.-]+) found: NO/, kind: 'pkg-config', fatal: false, endings: pkgConfig },
  { pattern: /Dependency "([\w+.-]+)" not found/, kind: 'pkg-config', fatal: true, endings: pkgConfig },
  {
    pattern: new RegExp(`Can't exec ${q}([\\w+.-]+)`),
    kind: 'executable',
    fatal: true,
    endings: executable,
  },
  {
    // Meson, and autoconf's PKG_PROG_PKG_CONFIG.
    pattern: /(?:Did not find|The) (pkg-config) (?:by name|script could not be found)/,
    kind: 'executable',
    fatal: true,
    endings: executable,
  },
  { pattern: /Program ([\w+.-]+) found: NO/, kind: 'executable', fatal: false, endings: executable },
  {
    pattern: new RegExp(`Program ${q}([\\w+.-]+)${q} not found`),
    kind: 'executable',
    fatal: true,
    endings: executable,
  },
  { pattern: /Could NOT find (\w+)/, kind: 'cmake', fatal: false, endings: cmake },
  { pattern: /configuration file provided by "(\w+)"/, kind: 'cmake', fatal: true, endings: cmake },
  {
    pattern: /(?:^|[:\s])([\w+.-]+): (?:command )?not found\s*$/,
    kind: 'executable',
    fatal: true,
    endings: executable,
  },
  {
    // When a directory of PATH cannot be searched, that is what execvp(3) reports in the end.
    pattern: new RegExp(
      `(?:make|env|ninja|nice|xargs|sudo)[^:]*: ${q}([\\w+.-]+)${q}: (?:No such file or directory|Permission denied)`,
    ),
    kind: 'executable',
    fatal: true,
    endings: executable,
  },
  { pattern: /checking for ([\w+-]+)\.\.\. no\s*$/, kind: 'executable', fatal: false, endings: executable },
  { pattern: /checking for ([\w+./-]+\.h)\.\.\. no\s*$/, kind: 'header', fatal: false, endings: header },
];

/** The longest line that is looked at; tools' messages are short, and patterns take time in proportion. */
const maxLine = 2_000;

/** Finds the complaints of well-known tools in the output of a build; each (kind, name) once, fatal if it was anywhere. */
export function complaintsIn(log: string): Complaint[] {
  const found = new Map<string, Complaint>();
  for (const raw of log.split('\n')) {
    const line = stripVTControlCharacters(raw.slice(0, maxLine)).trimEnd();
    for (const { pattern, kind, fatal, endings } of patterns) {
      const name = pattern.exec(line)?.[1];
      if (name === undefined) continue;
      const key = `${kind}\0${name}`;
      const known = found.get(key);
      if (known === undefined)
        found.set(key, { kind, name, endings: endings(name), line: line.trim(), fatal });
      else if (fatal && !known.fatal) found.set(key, { ...known, line: line.trim(), fatal });
      break;
    }
  }
  return [...found.values()];
}
