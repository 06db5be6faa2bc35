/** The parts of README and of the manual that are made from the definitions of the commands. */
import {
  usageOf,
  valueName,
  type Command,
  type OptionSpec,
  type OptionTable,
} from '../../src/cli/command.js';
import { commonGroup, ownOptions, sharedGroups } from '../../src/cli/optionGroups.js';

/** Puts lines between two marks of a text. */
function between(text: string, begin: string, end: string, lines: string): string {
  const start = text.indexOf(begin);
  const stop = text.indexOf(end, start);
  if (start === -1 || stop === -1) throw new Error(`the marks ${begin} and ${end} are not there`);
  return `${text.slice(0, start + begin.length)}\n${lines}\n${text.slice(stop)}`;
}

/** README with its table of commands. */
export function readmeWith(text: string, commands: readonly Command[]): string {
  const cell = (words: string): string => words.replaceAll('|', '\\|');
  const rows = commands.map((command) => `| \`lvfs ${cell(usageOf(command))}\` | ${command.summary} |`);
  const table = ['', '| command | does |', '| --- | --- |', ...rows, ''].join('\n');
  return between(text, '<!-- commands -->', '<!-- end of commands -->', table);
}

/** Filesystems that docs/comparison.md has beside lvfs, by their names in bench/RESULTS.md. */
const peers = ['lvfs', 'bindfs', 'fuse-overlayfs', 'mergerfs', 'overlayfs'];

/** What docs/comparison.md tells of a benchmark: the heading of a table there, and how the name of a workload begins. */
const compared: readonly (readonly [table: string, workload: string, told: string])[] = [
  ['## Time, as a ratio to native', 'walk and stat of /usr/include', 'stat of all of /usr/include'],
  ['## Time, as a ratio to native', 'open and read of small files', 'read of its small files'],
  ['## Time, as a ratio to native', 'missing names', 'missing names'],
  ['## In the chroot, time', 'make -j2', 'make -j2 of 150 C files'],
  ['## In the chroot, time', './configure', './configure'],
  ['## In the chroot, FUSE requests', 'make -j2', 'requests of that make'],
];

/** docs/comparison.md with its figures, which are those of bench/RESULTS.md. */
export function comparisonWith(text: string, results: string): string {
  const rows = compared.map(([table, workload, told]) => {
    const section = results.slice(results.indexOf(`\n${table}`) + 1).split('\n## ')[0] ?? '';
    const lines = section.split('\n').filter((line) => line.startsWith('|'));
    const cells = (line = ''): string[] => line.split('|').map((cell) => cell.trim());
    const names = cells(lines[0]);
    const figures = cells(lines.find((line) => line.startsWith(`| ${workload}`)));
    const of = (peer: string): string => (figures[names.indexOf(peer)] ?? '').replaceAll(/ \(to \d+\)/g, '');
    if (of('lvfs') === '') throw new Error(`bench/RESULTS.md has no ${workload} of lvfs`);
    return `| ${told} | ${peers.map((peer) => of(peer) || '–').join(' | ')} |`;
  });
  const head = `| | ${peers.join(' | ')} (in the kernel) |`;
  const table = ['', head, `| --- |${' --: |'.repeat(peers.length)}`, ...rows, ''].join('\n');
  return between(text, '<!-- figures of bench/RESULTS.md -->', '<!-- end of figures -->', table);
}

/** lvfs(1) with its OPTIONS. */
export function manualWith(text: string, commands: readonly Command[]): string {
  return between(
    text,
    '.\\" OPTIONS: made from the definitions',
    '.\\" end of OPTIONS',
    manualOptions(commands),
  );
}

/** The mount options of mount.lvfs(8) that are those of `lvfs mount`, with their values in angle brackets. */
export function mountOptions({ options }: Command): string[] {
  const all: OptionTable = { ...options, config: commonGroup.options['config']! };
  // The helper does not stay, and `bind` and `ro` mean something else to mount(8).
  return Object.entries(all)
    .filter(([name]) => name !== 'foreground' && name !== 'bind' && name !== 'ro')
    .map(([name, { type }]) => (type === 'boolean' ? name : `${name}=`));
}

/** OPTIONS of lvfs-emerge(1): those of lvfs itself, by which it is told apart from emerge. */
export function emergeOptions(commands: readonly Command[]): string[] {
  const emerge = commands.find(({ name }) => name === 'emerge');
  return [
    '.SH OPTIONS',
    'Every other word is passed on.',
    ...Object.entries(emerge === undefined ? {} : ownOptions(emerge)).map(([name, spec]) =>
      entry(name, spec),
    ),
  ];
}

function manualOptions(commands: readonly Command[]): string {
  const own = new Map<string, { verbs: string[]; option: [string, OptionSpec] }>();
  for (const command of commands) {
    for (const option of Object.entries(ownOptions(command))) {
      const key = JSON.stringify(option);
      const known = own.get(key);
      if (known === undefined) own.set(key, { verbs: [command.name], option });
      else known.verbs.push(command.name);
    }
  }
  const sections = new Map<string, OptionTable>();
  for (const { verbs, option } of own.values()) {
    const title = `Of ${verbs.join(', ').replace(/, (\w+)$/, ' and $1')}`;
    sections.set(title, { ...sections.get(title), [option[0]]: option[1] });
  }
  return [
    ...[commonGroup, ...sharedGroups].map(({ title, options }) => section(title, options)),
    ...[...sections].map(([title, options]) => section(title, options)),
  ].join('\n');
}

function section(title: string, options: OptionTable): string {
  return [`.SS "${title}"`, ...Object.entries(options).map(([name, spec]) => entry(name, spec))].join('\n');
}

function entry(name: string, spec: OptionSpec): string {
  const long = `\\fB\\-\\-${name.replaceAll('-', '\\-')}\\fP`;
  const short = spec.alias === undefined ? '' : `\\fB\\-${spec.alias}\\fP, `;
  const value = valueName(spec);
  const shown = value === '' ? '' : ` \\fI${value.replace('[', '\\fR[\\fI').replace(']', '\\fR]')}\\fP`;
  const text = `${spec.describe}.${spec.more === undefined ? '' : ` ${spec.more}`}`;
  return ['.TP', short + long + shown, roff(text)].join('\n');
}

/** Text for the manual, a sentence a line: options bold, a leading dot or quote harmless. */
function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('’', '\\(cq')
    .replace(/--[\w-]+/g, (option) => `\\fB${option.replaceAll('-', '\\-')}\\fP`)
    .replace(/(?<=\s)-(?=\w)/g, '\\-')
    .replace(/(?<=[.;]) (?=[A-Z])/g, '\n')
    .replace(/^(?=[.'])/gm, '\\&');
}
