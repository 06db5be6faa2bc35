/** docs/tutorial.md is true: each of its commands is run, and what it shows is what comes; once more by real Portage, with what matters of it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { inGentoo, whyNoPortage } from '../helpers/realPortage.js';
import { removeTree } from '../helpers/removeTree.js';
import { testDriver } from '../helpers/withMemoryMount.js';
import { whyNotMount } from '../helpers/inView.js';
import { tutorialRoot } from '../helpers/tutorialRoot.js';

const reason =
  whyNotMount() ??
  (testDriver().capabilities.callers
    ? undefined
    : 'this driver does not tell who asks, and the document does');
const mountTest = reason === undefined ? test.serial : test.serial.skip;
const skipped = reason === undefined ? '' : ` (skipped: ${reason})`;

const file = fileURLToPath(new URL('../../../docs/tutorial.md', import.meta.url));

/** A command of the document, and what it shows. */
interface Shown {
  readonly command: string;
  readonly lines: string[];
}

/** The document as prose and commands, in their order. */
function partsOf(text: string): (string | Shown[])[] {
  return text.split(/^```/m).map((part, i) => {
    if (i % 2 === 0) return part;
    const [kind, ...lines] = part.trimEnd().split('\n');
    if (kind !== 'console') throw new Error(`a block of another kind than console: ${kind ?? ''}`);
    const found: Shown[] = [];
    for (const line of lines)
      if (line.startsWith('# ')) found.push({ command: line.slice(2), lines: [] });
      else found.at(-1)?.lines.push(line);
    return found;
  });
}

/** What no two runs have in common. */
const steady = (line: string): string =>
  line
    .replaceAll(/\d+(?:\.\d+)? s\b/g, 'N s')
    .replace(/^(Date: ).*/, '$1…')
    .replace(/\blvfs \d+\.\d+\.\d+/, 'lvfs N')
    // As dash has it, and as bash.
    .replace('sh: line 1: yacc: command not found', 'sh: 1: yacc: not found');

/** Whether lines are those that a document shows, in which `…` stands for any number. */
function agrees(shown: readonly string[], came: readonly string[]): boolean {
  const [first, ...others] = shown;
  if (first === undefined) return came.length === 0;
  if (first === '…') return came.some((_, i) => agrees(others, came.slice(i))) || others.length === 0;
  return came.length > 0 && steady(first) === steady(came[0] ?? '') && agrees(others, came.slice(1));
}

mountTest(`each command of the tutorial shows what it says${skipped}`, async (t) => {
  t.timeout(300_000);
  const root = await tutorialRoot(t);
  const text = readFileSync(file, 'utf8');
  const parts = partsOf(text);
  for (const part of parts) {
    if (typeof part === 'string') continue;
    for (const one of part) {
      const { shown, status } = root.type(one.command);
      const came = shown.trimEnd() === '' ? [] : shown.trimEnd().split('\n');
      if (process.env['LVFS_TEST_UPDATE'] !== undefined && !agrees(one.lines, came))
        one.lines.splice(0, one.lines.length, ...came);
      t.true(agrees(one.lines, came), `${one.command} (status ${status}) shows\n${shown}`);
    }
  }
  const written = parts.map((part) =>
    typeof part === 'string'
      ? part
      : `console\n${part.flatMap(({ command, lines }) => [`# ${command}`, ...lines]).join('\n')}\n`,
  );
  if (process.env['LVFS_TEST_UPDATE'] !== undefined) writeFileSync(file, written.join('```'));
  t.is(written.join('```'), text, 'the document is as it was');
});

const noPortage = reason ?? whyNoPortage();

/** What each command has to say and to end with on a machine with real Portage, which has a hundred packages more and words of its own. */
const facts: readonly (readonly [command: RegExp, status: number, says: RegExp])[] = [
  [/^grep DEPEND/, 0, /^DEPEND="app-dicts\/words"\n$/],
  [/^lvfs deps /, 0, /^app-dicts\/words-2 +build +target DEPEND app-dicts\/words$/m],
  [
    /^lvfs build app-misc/,
    29,
    /bison: command not found[^]*Missing: the build fails without these[^]*BDEPEND="sys-devel\/bison"[^]*Proof: it fails without sys-devel\/bison, and builds with it/,
  ],
  [/^lvfs why /, 0, /\/bison\b.*: hidden: its owners are hidden\n[^]*words\/english: visible/],
  [/^lvfs build --with /, 30, /Allowed: [^]*BDEPEND="sys-devel\/bison"/],
  [/^mkdir /, 0, /^$/],
  [/^lvfs mount /, 0, /: app-misc\/greet-1 \(\d+ packages, \d+ paths\)$/m],
  [/^ls /, 0, /^bash$(?![^]*^bison$)/m],
  [/^lvfs allow /, 0, /^\+ sys-devel\/bison-/m],
  [/^ls /, 0, /^bison$/m],
  [/^lvfs umount /, 0, /^$/],
  [/^lvfs fix /, 0, /^ +1 +with what the ebuild declares: fails [^]*the patch is for /m],
  [
    /^cat .*patch/,
    0,
    /^Subject: \[PATCH\] app-misc\/greet: declare sys-devel\/bison\n[^]*^\+BDEPEND="sys-devel\/bison"$/m,
  ],
  [/^git apply /, 0, /^$/],
  [/^egencache /, 0, /^/],
  [/^lvfs build app-misc/, 0, /app-misc\/greet-1: built in/],
  [/^git apply --reverse/, 0, /^$/],
  [/^egencache /, 0, /^/],
  [/^lvfs build --bugzilla /, 29, /^/],
  [/^cat .*bug/, 0, /^Summary: app-misc\/greet-1: missing BDEPEND on sys-devel\/bison\n/],
];

(noPortage === undefined ? test.serial : test.serial.skip)(
  `each command of the tutorial does with real Portage what it says${noPortage === undefined ? '' : ` (skipped: ${noPortage})`}`,
  async (t) => {
    t.timeout(3_600_000, 'ten builds by emerge');
    const commands = partsOf(readFileSync(file, 'utf8')).flatMap((part) =>
      typeof part === 'string' ? [] : part.map(({ command }) => command),
    );
    t.is(commands.length, facts.length);
    const run = commands.map((command, i) => {
      // A program that no alternative stands for; a directory that is gone afterwards; and the repository that is there.
      const line = command
        .replaceAll('/usr/bin/yacc', '/usr/bin/bison')
        .replaceAll('/tmp/', '$OUT/tmp/')
        .replaceAll('--repo gentoo', '--repo lvfs-test');
      return `{ ${line}\n} >$OUT/${i}.out 2>&1 </dev/null; echo $? >$OUT/${i}.status`;
    });
    const words = `src_install() { insinto /usr/share/words; newins - english <<<hello; }`;
    const greet = [
      "src_compile() { printf '%%%%\\na: ;\\n' >parser.y; bison -o parser.c parser.y || die; cp /usr/share/words/english . || die; }",
      'src_install() { insinto /usr/share/greet; doins english; }',
    ].join('\n');
    const script = [
      'export ECHANGELOG_USER="Larry <larry@example.org>"',
      'emerge -1q app-dicts/words >$OUT/words.out 2>&1 || exit 3',
      'mkdir $OUT/tmp; cd /var/db/repos/lvfs-test && git init -q .',
      ...run,
    ].join('\n');
    const { status, stderr, directory } = await inGentoo(
      {
        'app-dicts/words-2': { body: words },
        'app-misc/greet-1': { variables: { DEPEND: 'app-dicts/words' }, body: greet },
      },
      script,
    );
    t.teardown(() => removeTree(directory));
    const text = (name: string): string =>
      stripVTControlCharacters(readFileSync(join(directory, name), 'utf8'));
    t.is(status, 0, stderr);
    for (const [i, [command, end, says]] of facts.entries()) {
      t.regex(commands[i] ?? '', command);
      const shown = text(`${i}.out`);
      t.is(text(`${i}.status`), `${end}\n`, `${commands[i]} shows\n${shown}`);
      t.regex(shown, says, commands[i]);
    }
  },
);
