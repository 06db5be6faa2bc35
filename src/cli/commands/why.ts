/** `lvfs why`: who owns a path, and whether and why it is visible. */
import { readFileSync } from 'node:fs';
import { displayPath, exitStatus, longestPath } from '../../base/index.js';
import type { Explanation } from '../../daemon/index.js';
import { bytesField } from '../bytes.js';
import { defineCommand, placeOptions, ruleOptions, setOptions, type Invocation } from '../command.js';
import { UsageError } from '../errors.js';
import type { Output } from '../output.js';
import { places, shown } from '../viewRequest.js';

const options = {
  for: { type: 'list', value: 'ATOM', is: 'target', describe: 'In the view that these targets would get' },
  mount: { type: 'string', value: 'DIR', is: 'view', describe: 'In the view that is mounted there' },
  ...setOptions,
  ...ruleOptions,
  ...placeOptions,
} as const;

export const command = defineCommand({
  name: 'why',
  summary: 'who owns a path, and why it is visible',
  describe:
    'Says which packages own a path, whether it is visible and by which rule, and how its owner came into the visible set. Paths are those ' +
    'inside the root. Without --for and --mount only the owners are told.',
  options,
  examples: [
    ['lvfs why /usr/include/zlib.h --for dev-libs/foo', 'would a build of dev-libs/foo see it?'],
    ['lvfs why /usr/bin/cc --mount /var/tmp/lvroot', 'the same of a mounted view'],
    ['lvfs why /usr/bin/awk', 'who owns it'],
  ],
  operands: [{ name: 'path…', is: 'file' }],
  async run(invocation) {
    const { options: given, operands, output } = invocation;
    if (given.mount !== undefined && given.for.length > 0) {
      throw new UsageError('why: --for and --mount cannot be combined', undefined, { name: 'why' });
    }
    const idle = Object.keys({ ...setOptions, ...ruleOptions }).find((name) => isGiven(given, name));
    if (given.for.length === 0 && idle !== undefined) {
      throw new UsageError(`why: --${idle} means something only with --for`, undefined, { name: 'why' });
    }
    for (const path of operands) {
      if (!path.startsWith('/')) {
        throw new UsageError(`why: '${path}' is not an absolute path inside the root`, undefined, {
          name: 'why',
        });
      }
    }
    const paths = operands.map(argumentBytes);
    if (paths.some(({ length }) => length > longestPath))
      throw new UsageError(`why: no path is longer than ${longestPath} bytes`, undefined, { name: 'why' });
    const answers = await explain(invocation, paths);
    if (output.json) {
      const objects = answers.map(toJson);
      output.printJson(objects.length === 1 ? objects[0]! : { paths: objects });
    } else {
      for (const answer of answers) output.print(describe(answer, output));
    }
    return exitStatus.ok;
  },
});

/** Whether an option of a view that is yet to be made was given. */
function isGiven(given: Readonly<Record<string, unknown>>, name: string): boolean {
  const value = given[name];
  return Array.isArray(value) ? value.length > 0 : value === true;
}

async function explain(
  { options: given, output, settings: load }: Invocation<typeof options>,
  paths: readonly Buffer[],
): Promise<readonly Explanation[]> {
  const { openSystem, openView } = await import('../../library/index.js');
  if (given.mount !== undefined) {
    using view = await openView(given.mount);
    return await view.why(paths);
  }
  const settings = await load();
  const progress = (text: string): void => output.progress(text);
  const system = openSystem({ ...places(settings), log: output.log, progress });
  return system.why(paths, given.for, shown(settings, given));
}

/** The bytes of an argument: Node turns what is not UTF-8 into U+FFFD, the kernel still has it. */
function argumentBytes(argument: string): Buffer {
  if (!argument.includes('\ufffd')) return Buffer.from(argument);
  const raw = readFileSync('/proc/self/cmdline').toString('latin1').split('\0');
  const found = raw.find((word) => Buffer.from(word, 'latin1').toString() === argument);
  return found === undefined ? Buffer.from(argument) : Buffer.from(found, 'latin1');
}

function toJson({ path, canonical, detail, ...rest }: Explanation): Record<string, unknown> {
  return {
    ...bytesField('path', path),
    ...bytesField('canonical', canonical),
    ...rest,
    detail: displayPath(detail),
  };
}

/** A directory has hundreds of owners. */
const namedOwners = 10;

function someOf(owners: readonly string[]): string {
  const more = owners.length - namedOwners;
  return owners.slice(0, namedOwners).join(', ') + (more > 0 ? ` and ${more} more (--json names all)` : '');
}

const leftOut = 'a compiled cache that would tell of something hidden';
const meanings: Readonly<Record<string, string>> = {
  hide: 'hidden by --hide',
  show: 'shown by --show',
  owned: 'a visible package owns it',
  'hidden-owner': 'its owners are hidden',
  ancestor: 'something visible is in it',
  symlink: 'a link to something visible',
  cache: 'the compiled cache of something visible',
  system: 'a system path',
  unowned: 'no package owns it',
};

function describe(answer: Explanation, { colors }: Output): string {
  const { bold, green, red, dim } = colors;
  const path = displayPath(answer.path);
  const canonical = displayPath(answer.canonical);
  const lines: string[] = [];
  if (answer.visible === null || answer.rule === 'absent') {
    lines.push(bold(path) + (answer.exists ? '' : ': the host does not have it'));
  } else {
    const meaning =
      answer.rule === 'cache' && !answer.visible ? leftOut : (meanings[answer.rule ?? ''] ?? answer.rule);
    const verdict = answer.visible ? green('visible') : red('hidden');
    const detail = answer.detail === '' ? '' : ` (${displayPath(answer.detail)})`;
    lines.push(`${bold(path)}: ${verdict}: ${meaning}${detail}`);
  }
  if (canonical !== path) lines.push(`  is ${canonical}`);
  if (answer.owners.length > 0) lines.push(`  owned by ${someOf(answer.owners)}`);
  else if (answer.exists) lines.push('  owned by no package');
  for (const { cpv, from, variable, atom } of answer.chain) {
    lines.push(
      `  ${cpv} ${dim(`because of ${[from, variable, atom].filter((word) => word !== '').join(' ')}`)}`,
    );
  }
  return lines.join('\n');
}
