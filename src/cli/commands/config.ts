/** `lvfs config`: the settings in force and where each comes from. */
import { exitStatus } from '../../base/index.js';
import { defineCommand, placeOptions, ruleOptions, setOptions } from '../command.js';
import { table } from '../table.js';

export const command = defineCommand({
  name: 'config',
  summary: 'the settings in force and their origins',
  describe:
    'Prints the settings that the other commands would use, merged from /etc/lvfs.conf, /etc/lvfs.conf.d/*.toml, ' +
    "the user's file, the environment (LVFS_…) and the options given, each with its origin.",
  options: { ...placeOptions, with: setOptions.with, without: setOptions.without, ...ruleOptions },
  examples: [
    ['lvfs config', 'all settings'],
    ['LVFS_ROOT=/mnt/gentoo lvfs config --json', 'the same for another root, for a program'],
  ],
  operands: [],
  async run({ output, settings: load }) {
    const settings = await load();
    const { habits } = await import('../../audit/index.js');
    const isOn = (name: string): boolean => !settings.habitsOff.includes(name);
    if (output.json) {
      output.printJson({
        files: settings.files,
        settings: Object.fromEntries(
          [...settings.origins].map(([name, { value, origins }]) => [name, { value, origins }]),
        ),
        systemPaths: settings.systemPaths,
        ignore: settings.ignore,
        habits: habits.map(({ name, by, names, reason }) => ({
          name,
          by: by.source,
          names: [...names],
          reason,
          on: isOn(name),
        })),
      });
      return exitStatus.ok;
    }
    const { dim, green, red } = output.colors;
    const rows = [...settings.origins].map(([name, { value, origins }]) => [
      name,
      text(value),
      dim(origins.join(', ')),
    ]);
    output.print(table(['setting', 'value', 'from'], rows, output));
    for (const { path, kind, packages = [], remove, origin } of settings.systemPaths) {
      const of = packages.length === 0 ? '' : `, of ${packages.join(' ')}`;
      output.print(`system path  ${remove ? `- ${path}` : `+ ${path} (${kind}${of})`}  ${dim(origin)}`);
    }
    for (const rule of settings.ignore) {
      const what = [rule.package, rule.path, rule.target === undefined ? undefined : `for ${rule.target}`];
      output.print(
        `ignore  ${what.filter((word) => word !== undefined).join(' ')}: ${rule.reason}  ${dim(rule.origin)}`,
      );
    }
    for (const { name, names, reason } of habits) {
      const word = isOn(name) ? green('on') : red('off');
      output.print(`habit  ${name} (${word}): ${reason}  ${dim([...names].join(' '))}`);
    }
    return exitStatus.ok;
  },
});

function text(value: unknown): string {
  if (value === null) return '-';
  return Array.isArray(value) ? value.join(' ') : String(value);
}
