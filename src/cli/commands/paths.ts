/** `lvfs paths`: the system paths. */
import { exitStatus } from '../../base/index.js';
import type { CacheFormat } from '../../view/index.js';
import { defineCommand, placeOptions } from '../command.js';
import { locations } from '../viewRequest.js';

export const command = defineCommand({
  name: 'paths',
  summary: 'what is shown although nobody owns it',
  describe:
    'Prints the system paths: what a build sees although no package owns it (tree), what is only there for something to be mounted on ' +
    '(directory), and where nothing unowned is shown or looked for (private). A path with packages is shown exactly when one of them is visible. ' +
    'What is compiled from the files of many packages tells of the visible ones only: it is filtered, made anew (made), or not there (left-out). ' +
    'The configuration adds and removes paths; see lvfs.conf(5).',
  options: placeOptions,
  examples: [
    ['lvfs paths', 'a table'],
    ['lvfs paths --json', 'the same for a program'],
  ],
  operands: [],
  async run({ output, settings: load }) {
    const { systemPathList } = await import('../../daemon/index.js');
    const { cacheFormats } = await import('../../view/index.js');
    const settings = await load();
    const paths = await systemPathList(settings.systemPaths, output.log, locations(settings));
    if (output.json) {
      output.printJson({
        paths: paths.map(({ path, kind, packages = [], reason, compiled }) => ({
          path,
          kind,
          packages,
          reason,
          compiled: compiled === undefined ? null : treatmentOf(cacheFormats[compiled]),
        })),
      });
      return exitStatus.ok;
    }
    const { bold, dim } = output.colors;
    for (const { path, kind, packages = [], reason, compiled } of paths) {
      const of = packages.length === 0 ? '' : ` [${packages.join(' ')}]`;
      output.print(`${kind.padEnd(9)}  ${bold(path)}${of}\n           ${dim(reason)}`);
      if (compiled !== undefined) {
        const { treatment, says } = cacheFormats[compiled];
        output.print(`           ${dim(`${treatment}: ${says}`)}`);
      }
    }
    return exitStatus.ok;
  },
});

function treatmentOf({ treatment, says }: CacheFormat): Pick<CacheFormat, 'treatment' | 'says'> {
  return { treatment, says };
}
