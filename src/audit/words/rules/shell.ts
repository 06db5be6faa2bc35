/** Shells, make, and whatever else starts programs and opens files in the words of errno. */
import { gaveUp, of, probed } from '../rule.js';

export const shellRules = [
  ...of(
    'sh',
    'dash/src/exec.c find_command, shellexec; bash/execute_cmd.c; busybox/shell/ash.c',
    probed('executable', 'not found', /\btype: (?<name>[\w+./-]+): not found$/),
    gaveUp('executable', 'not found', /(?:^|: )(?:exec: )?(?<name>[\w+./-]+): not found$/),
  ),
  ...of(
    'bash',
    'bash/execute_cmd.c execute_disk_command, shell_execve',
    gaveUp('executable', 'command not found', /(?:^|: |\s)(?<name>[\w+./-]+): command not found$/),
    gaveUp(
      'interpreter',
      'cannot execute: required file not found',
      /(?:^|: )(?<name>[^\s:]+): cannot execute: required file not found$/,
    ),
    gaveUp('path', 'bad interpreter', /: (?<name>\/[^\s:]+): bad interpreter: No such file or directory$/),
    // The command that a shell's builtin or a redirection was given.
    gaveUp(
      'executable',
      'No such file or directory',
      /^(?:\S*\/)?(?:ba|da)?sh: (?:line )?\d+: (?<name>\.{0,2}\/[^\s:]+): No such file or directory$/,
    ),
    // A locale that the C library does not have (bash/locale.c set_locale_var).
    probed('locale', 'cannot change locale', /cannot change locale \((?<name>[\w.@-]+)\)/),
  ),
  ...of(
    'perl',
    'perl/locale.c Perl_init_i18nl10n',
    probed(
      'locale',
      ['LC_ALL = ', 'LANG = ', 'LC_CTYPE = '],
      /^\s*(?:LC_ALL|LANG|LC_CTYPE) = "(?<name>[a-z]\w+[\w.@-]*\.[\w-]+)",?$/,
    ),
  ),
  ...of(
    'env',
    'coreutils: src/env.c, nice.c, nohup.c, stdbuf.c, timeout.c, chroot.c; findutils/xargs/xargs.c; time/src/time.c',
    // When a directory of PATH cannot be searched, EACCES is what execvp(3) reports in the end.
    gaveUp(
      'executable',
      ['No such file or directory', 'Permission denied'],
      /(?:^|[/\s])(?:env|nice|nohup|stdbuf|timeout|chroot|setsid|ionice|chrt|taskset|xargs|time|strace|setarch|unshare|catchsegv|valgrind): (?:(?:failed to run command|cannot run(?: command)?|can't execute|failed to execute|exec|unable to execute) )?["'‘’“”`]?(?<name>[\w+./-]+)["'‘’“”`]?: (?:No such file or directory|Permission denied)/,
    ),
    // -exec, whose failure find does not tell by its status; it says the same of a place where it was to look.
    gaveUp(
      'executable',
      'No such file or directory',
      /(?:^|[/\s])find: ["'‘“”`](?<name>[\w+.-]+)["'’“”`]: No such file or directory$/,
      { isGuess: true },
    ),
    // git/help.c help_unknown_cmd
    gaveUp('executable', 'is not a git command', /\bgit: ["'](?<name>[\w-]+)["'] is not a git command/, {
      names: (command) => [`git-${command}`],
    }),
    gaveUp('executable', 'command not found', /: error: (?<name>[\w+.-]+) command not found/),
    gaveUp(
      'executable',
      'failed to exec',
      /failed to exec(?:ute)? (?:child process )?["'‘’“”`](?<name>[\w+./-]+)["'‘’“”`]/,
    ),
  ),
  ...of(
    'tar',
    'tar: src/system.c, paxutils: lib/paxerror.c exec_fatal',
    gaveUp('executable', ': Cannot exec', /\btar(?: \(child\))?: (?<name>[\w+./-]+): Cannot exec/),
  ),
  ...of(
    'make',
    'make/src/job.c exec_command, src/remake.c complain, src/read.c eval_makefile',
    gaveUp(
      'executable',
      ['No such file or directory', 'Permission denied', 'ommand not found'],
      /(?:^|[/\s])g?make(?:\[\d+\])?: (?:execvp: )?(?<name>[\w+./-]+): (?:No such file or directory|Permission denied|[Cc]ommand not found)$/,
    ),
    gaveUp(
      'executable',
      'No rule to make target',
      /No rule to make target ["'‘’“”`](?<name>[\w+.-]+-NOTFOUND)["'‘’“”`]/,
    ),
    gaveUp(
      'path',
      'No rule to make target',
      /No rule to make target ["'‘’“”`](?<name>\/[^"'’”`\s]+)["'‘’“”`]/,
    ),
    gaveUp(
      'path',
      'No such file or directory',
      /^[^\s:]*[Mm]akefile[^\s:]*:\d+: (?<name>\/[^\s:]+): No such file or directory$/,
    ),
  ),
  ...of(
    'ninja',
    'ninja/src/build.cc Plan::AddSubTarget',
    gaveUp(
      'executable',
      'missing and no known rule',
      /ninja: error: ["'](?<name>[\w+.-]+-NOTFOUND)["'],? needed by/,
    ),
    gaveUp('path', 'missing and no known rule', /ninja: error: ["'](?<name>\/[^"'\s]+)["'],? needed by/),
  ),
  ...of(
    'ld.so',
    'glibc/elf/dl-load.c _dl_map_object, dl-error-skeleton.c',
    gaveUp(
      'library file',
      'cannot open shared object file',
      /(?:^|: |["'\s])(?<name>[\w+./-]+\.so[\w.-]*): cannot open shared object file/,
    ),
  ),
  ...of(
    'which',
    'which/which.c; debianutils/which',
    probed('executable', 'which: no ', /(?:^|\s)which: no (?<name>[\w+./-]+) in \(/),
  ),
];

/** Files that were opened by their absolute path; these come last, since any other rule says more. */
export const fileRules = [
  ...of(
    'files',
    'coreutils, grep, findutils: error(3) with errno; those that ask or search may be expected to find nothing',
    probed(
      'path',
      'No such file or directory',
      /(?:^|[/\s])(?:ls|stat|grep|egrep|fgrep|find|test|rm|readlink|realpath|file|du|chmod|chown|diff|cmp): (?:cannot \w+ )?["'‘’“”`]?(?<name>\/[^"'’”`\s:]+)["'‘’“”`]?: No such file or directory$/,
    ),
    gaveUp(
      'path',
      'o such file or directory',
      /(?:^|: |\s)["'‘’“”`]?(?<name>\/[^"'’”`\s:]+)["'‘’“”`]?: [Nn]o such file or directory/,
    ),
    gaveUp(
      'path',
      'o such file or directory',
      /[Nn]o such file or directory: ["'‘’“”`]?(?<name>\/[^"'’”`\s:]+)["'‘’“”`]?/,
    ),
    gaveUp(
      'path',
      ['annot ', "an't ", 'ould not ', 'nable to ', 'ailed to '],
      /\b(?:[Cc]annot|[Cc]an't|[Cc]ould not|[Uu]nable to|[Ff]ailed to) (?:open|read|load|stat|access|find|locate)(?: \w+){0,3} ["'‘’“”`]?(?<name>\/(?:usr|opt|etc|lib\w*|bin|sbin|var)\/[^"'’”`\s:,;)]+)/,
    ),
    gaveUp(
      'path',
      'does not exist',
      /["'‘’“”`]?(?<name>\/(?:usr|opt|etc|lib\w*|bin|sbin)\/[^"'’”`\s:,;)]+)["'‘’“”`]? does not exist/,
    ),
  ),
];
