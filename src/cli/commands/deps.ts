/** `lvfs deps`: the packages that a build may see, and why. */
import { exitStatus, LvfsError, originName, told, type PackageId } from '../../base/index.js';
import type { Plan, VisibleSet } from '../../daemon/index.js';
import { defineCommand, placeOptions, setOptions, type Invocation } from '../command.js';
import { UsageError } from '../errors.js';
import type { Output } from '../output.js';
import { table } from '../table.js';
import { counted, targetNames } from '../text.js';
import { places, shown } from '../viewRequest.js';

/** As many chains to one package are shown. */
const shownChains = 100;

const options = {
  ...setOptions,
  tree: { type: 'boolean', describe: 'As a tree: below each package what it brings in' },
  dot: { type: 'boolean', describe: 'As a graph for dot(1)' },
  why: { type: 'list', value: 'ATOM', describe: 'Only the chains that bring these installed packages in' },
  files: { type: 'boolean', describe: 'Also how many files each package has, and their size' },
  diff: { type: 'list', value: 'ATOM', is: 'target', describe: 'What differs from the set of these targets' },
  ...placeOptions,
} as const;

export const command = defineCommand({
  name: 'deps',
  summary: 'the packages that a build may see, and why',
  describe:
    'Prints the installed packages that a build of the atoms may see, each with what brought it in: an atom of the target’s DEPEND or ' +
    'BDEPEND, @system, --with, or what another visible package needs to run. An atom may also be the path of an ebuild in a ' +
    'configured repository, or a set such as @world.',
  options,
  examples: [
    ['lvfs deps dev-libs/foo', 'a table'],
    ['lvfs deps dev-libs/foo --why sys-libs/zlib', 'every chain that leads to one package'],
    ['lvfs deps dev-libs/foo --diff dev-libs/bar', 'the difference of two sets'],
  ],
  operands: [{ name: 'atom…', is: 'target', optional: true }],
  ebuildDirectory: true,
  async run(invocation) {
    const { options: given, operands, output } = invocation;
    const modes = (['tree', 'dot', 'why', 'diff', 'files'] as const).filter((name) => {
      const value = given[name];
      return typeof value === 'boolean' ? value : value.length > 0;
    });
    if (modes.length > 1) {
      throw new UsageError(`deps: --${modes.join(' and --')} cannot be combined`, undefined, {
        name: 'deps',
      });
    }
    const { openSystem } = await import('../../library/index.js');
    const settings = await invocation.settings();
    const system = openSystem({ ...places(settings), log: output.log });
    // Nothing is built here, so what emerge would refuse can be looked at.
    const plan = await system.plan(operands, { ...shown(settings, given), allowInvalid: true });
    if (given.why.length > 0) printChains(plan, given.why, output);
    else if (given.diff.length > 0) printDifference(plan.set, plan.setOf(given.diff), output);
    else if (given.dot) printDot(plan.set, output);
    else if (given.tree) printTree(plan.set, output);
    else if (output.json) await printJson(plan, given.files, invocation);
    else await printTable(plan, given.files, output);
    return exitStatus.ok;
  },
});

async function printJson(
  plan: Plan,
  withFiles: boolean,
  { output }: Pick<Invocation, 'output'>,
): Promise<void> {
  const { set } = plan;
  const targets = set.targets.map(({ cpv, repository, use }) => ({ cpv, repository, use }));
  const files = new Map(
    withFiles
      ? (await plan.files(set.visible.keys(), (text) => output.progress(text))).map((row) => [row.cpv, row])
      : [],
  );
  output.printJson({
    target: targets[0] ?? null,
    targets,
    buildDeps: set.buildDeps,
    visible: [...set.visible].map(([cpv, because]) => ({
      cpv,
      because: because.map(told),
      ...(withFiles ? { files: files.get(cpv)?.files ?? 0, bytes: files.get(cpv)?.bytes ?? null } : {}),
    })),
    metadataOnly: set.metadataOnly,
    unsatisfied: set.unsatisfied,
    ...(plan.sysroot === undefined ? {} : { sysroot: plan.sysroot }),
  });
}

async function printTable(plan: Plan, withFiles: boolean, output: Output): Promise<void> {
  const { set } = plan;
  const { dim, yellow } = output.colors;
  const buildDeps = new Set(set.buildDeps);
  const because = (cpv: PackageId): string => {
    const [first, ...others] = set.visible.get(cpv) ?? [];
    if (first === undefined) return '';
    const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
    return (
      [originName(first.from), first.variable, first.atom].filter((word) => word !== '').join(' ') + dim(more)
    );
  };
  const mark = (cpv: PackageId): string => (buildDeps.has(cpv) ? 'build' : '');
  if (withFiles) {
    const rows = await plan.files(set.visible.keys(), (text) => output.progress(text));
    const lines = rows.map(({ cpv, files, bytes }) => [
      cpv,
      mark(cpv),
      String(files),
      bytes === null ? '-' : size(bytes),
      because(cpv),
    ]);
    const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
    lines.push([
      `${rows.length} packages`,
      '',
      String(sum(rows.map(({ files }) => files))),
      size(sum(rows.map(({ bytes }) => bytes ?? 0))),
      '',
    ]);
    output.print(table(['package', '', 'files', 'size', 'because of'], lines, output, [2, 3]));
  } else {
    const lines = [...set.visible.keys()].map((cpv) => [cpv, mark(cpv), because(cpv)]);
    output.print(table(['package', '', 'because of'], lines, output));
  }
  for (const { variable, atom, root } of set.unsatisfied)
    output.print(yellow(`not installed${root === undefined ? '' : ` in ${root}`}: ${variable} ${atom}`));
}

/** `1.2M`, in powers of 1024, as `ls -h` has it. */
function size(bytes: number): string {
  const units = ['', 'K', 'M', 'G', 'T'];
  let value = bytes;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return unit === 0 ? String(bytes) : `${value < 10 ? value.toFixed(1) : Math.round(value)}${units[unit]}`;
}

/** How a package comes into the set: one of the reasons. */
interface Child {
  readonly cpv: PackageId;
  readonly variable: string;
  readonly atom: string;
}

/** What each package, and each place where chains begin, brings in. */
function childrenOf(set: VisibleSet): Map<string, Child[]> {
  const children = new Map<string, Child[]>();
  for (const [cpv, reasons] of set.visible) {
    for (const { from, variable, atom } of reasons) {
      const list = children.get(originName(from)) ?? [];
      if (list.length === 0) children.set(originName(from), list);
      if (!list.some((child) => child.cpv === cpv)) list.push({ cpv, variable, atom });
    }
  }
  return children;
}

/** A line of the tree. */
interface TreeRow {
  /** 0: a place where chains begin. */
  readonly depth: number;
  /** A cpv; at depth 0 `target`, a set, or `--with`. */
  readonly name: string;
  readonly variable: string;
  readonly atom: string;
  /** What it brings in stands further up. */
  readonly isAgain: boolean;
  /** Of its level's rows, for it and those above it: whether it is the last. */
  readonly last: readonly boolean[];
}

function treeRows(set: VisibleSet): TreeRow[] {
  const children = childrenOf(set);
  const rows: TreeRow[] = [];
  const shown = new Set<string>();
  // An explicit stack: chains of dependencies may be longer than the call stack.
  const stack: (Child & { last: readonly boolean[] })[] = [];
  const pushChildren = (from: string, above: readonly boolean[]): void => {
    const list = children.get(from) ?? [];
    stack.push(...list.map((child, i) => ({ ...child, last: [...above, i === list.length - 1] })).reverse());
  };
  const visible = new Set<string>(set.visible.keys());
  const roots = [...children.keys()].filter((from) => !visible.has(from));
  roots.sort((a, b) => Number(b === 'target') - Number(a === 'target') || (a < b ? -1 : 1));
  for (const root of roots) {
    rows.push({ depth: 0, name: root, variable: '', atom: '', isAgain: false, last: [] });
    pushChildren(root, []);
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      const { cpv, variable, atom, last } = next;
      const isAgain = shown.has(cpv) && children.has(cpv);
      rows.push({ depth: last.length, name: cpv, variable, atom, isAgain, last });
      if (shown.has(cpv)) continue;
      shown.add(cpv);
      pushChildren(cpv, last);
    }
  }
  return rows;
}

function printTree(set: VisibleSet, output: Output): void {
  const rows = treeRows(set);
  const targets = set.targets.map(({ cpv }) => cpv);
  if (output.json) {
    const tree = rows.map(({ depth, name, variable, atom, isAgain }) =>
      depth === 0 ? { depth, name } : { depth, name, variable, atom, again: isAgain },
    );
    output.printJson({ targets, tree });
    return;
  }
  const { bold, dim } = output.colors;
  for (const { depth, name, variable, atom, isAgain, last } of rows) {
    if (depth === 0) {
      output.print(bold(name === 'target' ? targetNames(targets) : name));
      continue;
    }
    const indent = last
      .slice(0, -1)
      .map((isLast) => (isLast ? '   ' : '│  '))
      .join('');
    const through = variable === '' ? atom : `${variable} ${atom}`;
    output.print(
      `${indent}${last.at(-1) === true ? '└─ ' : '├─ '}${name}  ${dim(`${through}${isAgain ? ' (shown above)' : ''}`)}`,
    );
  }
}

function printDot(set: VisibleSet, output: Output): void {
  if (output.json) output.printJson({ targets: set.targets.map(({ cpv }) => cpv), dot: dot(set) });
  else output.print(dot(set));
}

/** A digraph: targets and other beginnings as boxes, an edge for each reason, labelled with the variable. */
function dot(set: VisibleSet): string {
  const quote = (text: string): string => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
  const targetName = set.targets.map(({ cpv }) => cpv).join('\\n');
  const lines = ['digraph visible {', '  rankdir=LR;', '  node [shape=ellipse];'];
  const roots = new Set<string>();
  for (const reasons of set.visible.values())
    for (const { from } of reasons) if (from.kind !== 'package') roots.add(originName(from));
  for (const root of [...roots].sort()) {
    lines.push(`  ${quote(root)} [shape=box, label=${root === 'target' ? `"${targetName}"` : quote(root)}];`);
  }
  for (const [cpv, reasons] of set.visible) {
    lines.push(`  ${quote(cpv)};`);
    for (const { from, variable, atom } of reasons) {
      lines.push(
        `  ${quote(originName(from))} -> ${quote(cpv)} [label=${quote(variable)}, tooltip=${quote(atom)}];`,
      );
    }
  }
  lines.push('}');
  return lines.join('\n');
}

function printChains(plan: Plan, atoms: readonly string[], output: Output): void {
  const { set } = plan;
  const matched = plan.matchInstalled(atoms);
  const packages = matched.filter((cpv) => set.visible.has(cpv));
  if (packages.length === 0) {
    const what =
      matched.length === 0 ? 'is not installed' : `(${matched.join(', ')}) is not in the visible set`;
    throw new LvfsError('NOT_VISIBLE', `${atoms.join(' ')} ${what}`);
  }
  const chains = packages.map((cpv) => ({
    cpv,
    chains: plan.chains(cpv, shownChains).map((chain) => chain.map(told)),
  }));
  if (output.json) {
    output.printJson({ targets: set.targets.map(({ cpv }) => cpv), why: chains });
    return;
  }
  const target = targetNames(set.targets.map(({ cpv }) => cpv));
  for (const { cpv, chains: list } of chains) {
    const count =
      list.length === shownChains ? `${list.length} or more chains` : counted(list.length, 'chain');
    output.print(output.colors.bold(`${cpv}: ${count}`));
    for (const chain of list) {
      const steps = chain.map(
        (link) => ` → ${link.variable === '' ? '' : `${link.variable} `}${link.atom} → ${link.cpv}`,
      );
      const from = chain[0]?.from ?? '';
      output.print(`  ${from === 'target' ? target : from}${steps.join('')}`);
    }
  }
}

function printDifference(first: VisibleSet, second: VisibleSet, output: Output): void {
  const only = (a: VisibleSet, b: VisibleSet): string[] =>
    [...a.visible.keys()].filter((cpv) => !b.visible.has(cpv));
  const removed = only(first, second);
  const added = only(second, first);
  if (output.json) {
    output.printJson({
      targets: first.targets.map(({ cpv }) => cpv),
      others: second.targets.map(({ cpv }) => cpv),
      onlyHere: removed,
      onlyThere: added,
      common: first.visible.size - removed.length,
    });
    return;
  }
  const { red, green } = output.colors;
  if (removed.length + added.length === 0) {
    output.print(`no difference: both see the same ${counted(first.visible.size, 'package')}`);
    return;
  }
  const lines = [...removed.map((cpv) => ({ cpv, mark: '-' })), ...added.map((cpv) => ({ cpv, mark: '+' }))];
  lines.sort((a, b) => (a.cpv < b.cpv ? -1 : 1));
  for (const { cpv, mark } of lines) output.print(mark === '-' ? red(`- ${cpv}`) : green(`+ ${cpv}`));
}
