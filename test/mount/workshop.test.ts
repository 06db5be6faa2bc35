/** What can be done in `lvfs shell` at a terminal: ask and change the view, from inside, by whoever types there. */
import { existsSync } from 'node:fs';
import test from 'ava';
import { systemProblem } from '../../src/system/index.js';
import { testDriver } from '../helpers/withMemoryMount.js';
import { onTerminal, say, whyNoTerminal } from '../helpers/terminal.js';

const reason = whyNoTerminal() ?? systemProblem()?.message;
const mountTest = reason === undefined ? test.serial : test.serial.skip;
const skipped = reason === undefined ? '' : ` (skipped: ${reason})`;

const tool = { text: '#!/bin/sh\necho the tool runs\n', mode: 0o755 };
const system = {
  packages: {
    'dev-libs/hidden-1': { RDEPEND: 'dev-libs/deep', files: { '/opt/hidden/tool': tool } },
    'dev-libs/other-2': { files: { '/opt/other/other.h': 'other' } },
  },
};
/** The directory, where it is not known that the same process went on to the file. */
const refused = testDriver().capabilities.callers ? '/opt/other/other.h' : '/opt/other';
const environment = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin:/opt/hidden' };
const shell = (lvfs: string, with_: string): string => `${lvfs} shell ${with_} dev-libs/foo`;

mountTest(`a hidden command says so, and the person at the prompt may show it${skipped}`, async (t) => {
  const { status, shown } = await onTerminal(
    t,
    shell,
    async (terminal) => {
      await terminal.shows('(lvfs dev-libs/foo-1) ');
      terminal.type('tool\n');
      await terminal.shows('tool is hidden: dev-libs/hidden, lvfs allow hidden');
      terminal.type('lvfs allow hidden\n');
      await terminal.shows('+ dev-libs/hidden-1');
      terminal.type('tool\n');
      await terminal.shows('the tool runs');
      terminal.type('lvfs deny hidden\n');
      await terminal.shows('- dev-libs/hidden-1');
      terminal.type('lvfs allow --json hidden >/dev/null\n');
      await terminal.shows('lvfs: done: allow --json hidden');
      terminal.type('exit 0\n');
    },
    system,
    environment,
  );
  t.is(status, 0, shown);
  t.regex(shown, /Allowed:[^]*dev-libs\/hidden/, 'leaving shows the report');
});

mountTest(`what the shell starts cannot change the view, but may ask${skipped}`, async (t) => {
  const { shown } = await onTerminal(
    t,
    shell,
    async (terminal) => {
      await terminal.shows('(lvfs dev-libs/foo-1) ');
      // A subshell; a program that has the descriptor and knows what to write; and one that takes the shell's place.
      terminal.type('(lvfs allow hidden)\n');
      await terminal.shows('only the shell itself can change the view');
      const request = `printf '7\\0005\\0lvfs\\0/\\0000\\0allow\\0hidden\\0' >&$1; IFS= read -rd '' -u $1; IFS= read -rd '' -u $1; IFS= read -rd '' -u $1 t; echo "child: \${t%%:*}"`;
      terminal.type(`bash -c '${request.replaceAll("'", `'\\''`)}' x $__lvfs_channel; ${say('asked')}\n`);
      await terminal.shows('child: lvfs');
      terminal.type('lvfs log | cat; lvfs status | grep -c dev-libs/foo; ls /opt/hidden\n');
      await terminal.shows('No such file');
      terminal.type(
        `exec bash -c '${request.replaceAll("'", `'\\''`).replace('child:', 'replaced:')}; ls /opt/hidden' x $__lvfs_channel\n`,
      );
      await terminal.shows('replaced: lvfs');
    },
    system,
    environment,
  );
  t.notRegex(shown, /^\+ dev-libs\/hidden/m);
  t.is(shown.match(/ls: cannot access '\/opt\/hidden'/g)?.length, 2);
});

mountTest(
  `what was hidden from a command that failed is said once, and retry runs it again${skipped}`,
  async (t) => {
    const { shown } = await onTerminal(
      t,
      shell,
      async (terminal) => {
        await terminal.shows('(lvfs dev-libs/foo-1) ');
        terminal.type("sh -c 'cat /opt/other/other.h && echo read it'\n");
        await terminal.shows(`hidden from it: ${refused} (dev-libs/other); lvfs allow other`);
        // No command, no line; and what went well has none either.
        terminal.type(`\n\n${say('nothing')}\n`);
        await terminal.shows('nothing');
        terminal.type('lvfs allow dev-libs/other\n');
        await terminal.shows('+ dev-libs/other-2');
        terminal.type('lvfs retry\n');
        await terminal.shows('otherread it');
        terminal.type('lvfs frobnicate; lvfs log -f; lvfs report --html /tmp/x; lvfs help\n');
        await terminal.shows('All else is asked outside of it.');
        terminal.type('cd /opt; lvfs why hidden/tool; exit\n');
      },
      system,
      environment,
    );
    t.is(shown.match(/hidden from it/g)?.length, 1, shown);
    t.regex(shown, /'lvfs frobnicate' is not for in here/);
    t.regex(shown, /log: -f is not for in here/);
    t.regex(shown, /report: --html is not for in here/);
    t.regex(shown, /\/opt\/hidden\/tool/);
  },
);

mountTest(`the user's own rc is read, and a prompt that it sets is marked${skipped}`, async (t) => {
  const { shown } = await onTerminal(
    t,
    (lvfs, with_) =>
      `printf '%s\\n' 'PROMPT_COMMAND="PS1=mine:" HISTCONTROL=ignoreboth' 'alias greet="echo from-rc"' 'command_not_found_handle() { echo "no $1 at all"; }' >"$HOME/.bashrc"; ${shell(lvfs, with_)}`,
    async (terminal) => {
      await terminal.shows('(lvfs dev-libs/foo-1) mine:');
      terminal.type('greet\nabsent-program\ntool\nenv | grep -c LVFS_WORKSHOP\nexit\n');
      await terminal.shows('tool is hidden');
    },
    system,
    environment,
  );
  t.regex(shown, /^from-rc\r$/m);
  t.regex(shown, /^no absent-program at all\r$/m);
  t.regex(shown, /^0\r$/m, 'what the shell was told by is not in the environment of others');
});

const left = '/var/tmp/portage/dev-libs/foo-1';

mountTest(`--here goes on where a build failed, in its environment${skipped}`, async (t) => {
  const environmentFile = `declare -x S="${left}/work/foo-1"\ndeclare -x CFLAGS="-O9"\nsrc_compile () \n{ \n    echo "compiles $CFLAGS in \${PWD#"$S"/}"\n}\nsrc_test () \n{ \n    use nls && echo "has nls"; false || die "it broke"; echo goes on\n}\ndeclare -x PATH="${left}/homedir/ebuild-helpers:$PATH"\n`;
  const portage = `${left}/homedir`;
  const { status, shown } = await onTerminal(
    t,
    (lvfs, with_) => `${lvfs} shell ${with_} --here dev-libs/foo`,
    async (terminal) => {
      await terminal.shows('/sub# ');
      // Of Portage's own functions that one is another which would end the shell.
      terminal.type('src_test\n');
      await terminal.shows('die: it broke');
      // Portage's file leaves out what it gives to each phase anew.
      terminal.type(
        'src_compile; echo "$CATEGORY $PN $PVR $PR ${WORKDIR#"$PORTAGE_BUILDDIR"} $T $D"; exit 7\n',
      );
      await terminal.shows('compiles');
    },
    {
      ...system,
      files: {
        [`${left}/temp/environment`]: environmentFile,
        [`${left}/temp/build.log`]: ` * Working directory: '/old'\n \x1b[31m*\x1b[0m Working directory: '${left}/work/foo-1/sub'\n`,
        [`${left}/work/foo-1/sub`]: { directory: true },
        [`${portage}/isolated-functions.sh`]: 'die() { exit 9; }\n',
        [`${portage}/phase-functions.sh`]: '',
        [`${portage}/phase-helpers.sh`]: 'use() { [[ $1 == nls ]]; }\nsrc_compile() { die; }\n',
      },
    },
  );
  t.is(status, 7, shown);
  t.regex(shown, /^compiles -O9 in sub\r$/m);
  t.regex(shown, /^has nls\r$/m);
  t.notRegex(shown, /^goes on/m);
  t.true(shown.includes(`\ndev-libs foo 1 r0 /work ${left}/temp ${left}/image`), shown);
});

mountTest(`--here without a build says so${skipped}`, async (t) => {
  const { status, shown } = await onTerminal(
    t,
    (lvfs, with_) => `${lvfs} shell ${with_} --here dev-libs/foo`,
    async (terminal) => terminal.shows('hint:'),
  );
  t.is(status, 125);
  t.regex(shown, /lvfs: \/var\/tmp\/portage\/dev-libs\/foo-1: no build was left there/);
});

mountTest(`a mounted view is a workshop too${skipped}`, async (t) => {
  const { status, shown } = await onTerminal(
    t,
    (lvfs, with_) =>
      `mkdir $HOME/mnt; ${lvfs} mount ${with_} dev-libs/foo $HOME/mnt && ${lvfs} shell $HOME/mnt; echo "status $?"; ${lvfs} umount $HOME/mnt`,
    async (terminal) => {
      await terminal.shows('(lvfs dev-libs/foo-1) ');
      terminal.type('lvfs allow hidden; tool; exit 3\n');
      await terminal.shows('status 3');
    },
    system,
    environment,
  );
  t.is(status, 0, shown);
  t.regex(shown, /^the tool runs\r$/m);
});

const zsh = existsSync('/bin/zsh') ? undefined : 'needs zsh';
const zshTest = reason === undefined && zsh === undefined ? test.serial : test.serial.skip;

zshTest(
  `zsh is a workshop as well${reason === undefined && zsh !== undefined ? ` (skipped: ${zsh})` : skipped}`,
  async (t) => {
    const { status, shown } = await onTerminal(
      t,
      (lvfs, with_) =>
        `printf '%s\\n' 'PROMPT=mine:' 'greet() { echo from-rc }' >"$HOME/.zshrc"; ${shell(lvfs, with_)}`,
      async (terminal) => {
        await terminal.shows('(lvfs dev-libs/foo-1) mine:');
        terminal.type('greet\ntool\n');
        await terminal.shows('tool is hidden: dev-libs/hidden, lvfs allow hidden');
        terminal.type('(lvfs allow hidden)\n');
        await terminal.shows('only the shell itself can change the view');
        // What nobody has read of an answer is none to the next request.
        terminal.type('lvfs why /opt/{1..3000} | head -n 1; lvfs status | tail -n 1\n');
        await terminal.shows('changes ');
        terminal.type("sh -c 'cat /opt/other/other.h && echo read it'\n");
        await terminal.shows(`hidden from it: ${refused} (dev-libs/other); lvfs allow other`);
        terminal.type('lvfs allow other; lvfs retry\n');
        await terminal.shows('otherread it');
        terminal.type('lvfs log | grep -c hidden; env | grep -c ZDOTDIR; exit 5\n');
      },
      system,
      { ...environment, SHELL: '/bin/zsh' },
    );
    t.is(status, 5, shown);
    t.regex(shown, /^from-rc\r$/m);
  },
);
