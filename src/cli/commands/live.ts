/** `lvfs allow` and `lvfs deny`, which differ in one word. */
import { exitStatus } from '../../base/index.js';
import { defineCommand } from '../command.js';

function liveCommand(verb: 'allow' | 'deny') {
  const allow = verb === 'allow';
  return defineCommand({
    name: verb,
    summary: allow ? 'show more in a mounted view' : 'show less in a mounted view',
    describe: allow
      ? 'Shows more in a mounted view, at once: installed packages with what they need to run, or single paths (a directory stands for all in ' +
        'it). `lvfs deny` takes it back.'
      : 'Hides packages or paths in a mounted view, at once; what only they brought in goes too. What `lvfs allow` had added is no longer ' +
        'allowed, and what the target declares is hidden although it is needed. `lvfs allow` takes it back.',
    options: {},
    examples: [
      [`lvfs ${verb} /var/tmp/lvroot sys-devel/flex`, allow ? 'let the build see flex' : 'take flex away'],
      [`lvfs ${verb} /var/tmp/lvroot /usr/local/bin/tool`, allow ? 'show one file' : 'hide one file'],
    ],
    operands: [
      { name: 'mountpoint', is: 'view' },
      { name: 'atom or path…', is: 'installed' },
    ],
    async run({ operands, output }) {
      const { openView } = await import('../../library/index.js');
      const [mountpoint = '', ...names] = operands;
      using view = await openView(mountpoint);
      const result = await view[verb](names);
      if (output.json) {
        output.printJson({ ...result });
        return exitStatus.ok;
      }
      const { green, red, dim } = output.colors;
      for (const cpv of result.shown) output.print(`${green('+')} ${cpv}`);
      for (const cpv of result.hidden) output.print(`${red('-')} ${cpv}`);
      for (const path of result.paths) output.print(`${allow ? green('+') : red('-')} ${path}`);
      if (result.shown.length + result.hidden.length + result.paths.length === 0)
        output.print(dim('nothing changed'));
      return exitStatus.ok;
    },
  });
}

export const allow = liveCommand('allow');

export const deny = liveCommand('deny');
