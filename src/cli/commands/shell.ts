/** `lvfs shell`: a shell in a view of its own, or in one that is mounted. */
import { accessSync, constants } from 'node:fs';
import type { Inside } from '../../daemon/index.js';
import { defineCommand } from '../command.js';
import { asRunFailure, endLike, Signals, statusOf, withInside } from '../inside.js';
import { insideOptions, insideRequest } from '../insideOptions.js';
import { kindAt, packageName } from '../../base/index.js';
import type { Output } from '../output.js';
import { targetNames } from '../text.js';

export const command = defineCommand({
  name: 'shell',
  summary: 'a shell in a view',
  describe:
    'Starts $SHELL (or /bin/sh, when the view hides that) in a private view as `lvfs run` does, or in a mounted view. LVFS_TARGET is set inside, ' +
    'for your prompt. At the end it says which packages were looked for in vain.',
  options: insideOptions,
  examples: [
    ['lvfs shell dev-libs/foo', 'look around in what a build of it sees'],
    ['lvfs shell /var/tmp/lvroot', 'the same in a mounted view'],
    ["lvfs shell dev-libs/foo -- -c 'which flex'", 'with arguments for the shell'],
  ],
  operands: [{ name: 'atom…|mountpoint', is: 'target', optional: true }],
  rest: '[-- arg…]',
  ebuildDirectory: true,
  async run(invocation) {
    const { operands, output, rest = [] } = invocation;
    const signals = new Signals();
    try {
      const [first = ''] = operands;
      if (operands.length === 1 && (await isMountpoint(first))) {
        const { enterMounted } = await import('../../daemon/index.js');
        const entered = await enterMounted(first, {
          argv: (isVisible) => [shellProgram(isVisible), ...rest],
          noNetwork: invocation.options.net === 'none',
          hostProcesses: invocation.options.pid === 'host',
        });
        signals.passTo((name) => entered.signal(name));
        return endLike(statusOf(await entered.ended), signals);
      }
      const request = await insideRequest(invocation, operands, { emerge: false });
      const status = await withInside(request, output, signals, async (inside) => {
        if (process.stdin.isTTY && rest.length === 0) greet(inside, output);
        const shell = await inside.view.request('choose', { programs: shells() });
        signals.throwIfAny();
        const end = statusOf(await inside.run({ argv: [shell, ...rest], capture: false }));
        await tellDenials(inside, output);
        return end;
      });
      return endLike(status, signals);
    } catch (error) {
      if (signals.status !== undefined) return endLike(signals.status, signals);
      throw asRunFailure(error);
    } finally {
      signals.release();
    }
  },
});

/** Whether a word means a mounted view: it looks like a path, or names a directory at which there is one. */
async function isMountpoint(word: string): Promise<boolean> {
  if (word.endsWith('.ebuild')) return false;
  if (/^[./]/.test(word)) return true;
  if (kindAt(word) !== 'directory') return false;
  const { isView } = await import('../../daemon/index.js');
  return isView(word);
}

/** The user's shell, and the one that every system has. */
function shells(): string[] {
  const own = process.env['SHELL'];
  return own?.startsWith('/') === true && isProgram(own) ? [own, '/bin/sh'] : ['/bin/sh'];
}

function shellProgram(isVisible: (path: string) => boolean): string {
  return shells().find(isVisible) ?? '/bin/sh';
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Not there, or not for us: the other one is used.
    return false;
  }
}

function greet(inside: Inside, output: Output): void {
  const { targets, packages, pid } = inside.status;
  output.log(
    'warn',
    `this shell sees what a build of ${targetNames(targets)} may use (${packages} packages); from outside: lvfs log ${pid}, lvfs allow ${pid} ATOM`,
  );
}

/** Packages at most that are named at the end. */
const namedPackages = 10;

async function tellDenials(inside: Inside, output: Output): Promise<void> {
  if (!process.stderr.isTTY) return;
  const { denials } = await inside.view.request('denials');
  const packages = [
    ...new Set(denials.flatMap(({ owners, operation }) => (operation === 'list' ? [] : owners))),
  ];
  if (packages.length === 0) return;
  const named = packages.slice(0, namedPackages).map(packageName);
  const more = packages.length - named.length;
  output.log(
    'warn',
    `hidden files of ${packages.length} packages were looked for; to show them: ${named.map((name) => `--with ${name}`).join(' ')}` +
      (more > 0 ? ` (and ${more} more)` : ''),
  );
}
