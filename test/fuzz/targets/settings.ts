/** The settings: lvfs.conf, and the environment. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { silent } from '../../../src/base/index.js';
import { loadSettings, type Settings } from '../../../src/cli/config.js';
import { ConfigFile } from '../../../src/cli/configFile.js';
import type { FuzzTarget } from '../fuzz.js';
import { hold, refused, unlessRefused } from '../holds.js';

function checkSettings(settings: Settings): void {
  const { root, cache, prefix, threads, driver, repos = [], systemPaths } = settings;
  for (const path of [root, cache, ...repos, ...systemPaths.map((one) => one.path)])
    hold(isAbsolute(path), `${path} is absolute`);
  hold(prefix === '' || isAbsolute(prefix), 'a prefix is absolute');
  hold(Number.isInteger(threads) && threads >= 1 && threads <= 64, `${threads} threads`);
  hold(['auto', 'kernel', 'libfuse'].includes(driver), driver);
  for (const words of [settings.with, settings.without, settings.show, settings.hide])
    hold(
      words.every((word) => word !== ''),
      'words',
    );
}

export function lvfsConf(): FuzzTarget {
  const directory = mkdtempSync(join(tmpdir(), 'lvfs-fuzz-'));
  const path = join(directory, 'lvfs.conf');
  return {
    name: 'lvfs.conf',
    seeds: [
      'root = "/x"\nthreads = 2\nwith = ["a/b", "c/d"]\nrepos = ["/r"]\n',
      '[[system-path]]\npath = "/etc/x"\nkind = "directory"\npackages = ["a/b"]\nreason = "y"\n\n[[ignore]]\npackage = "a/b"\nreason = "z"\n',
      'habits-off = ["x"]\ndriver = "kernel"\n[[system-path]]\npath = "/x/*"\nkind = "beside"\nremove = true\n',
    ],
    words: [
      '[[',
      ']]\n',
      ' = ',
      '"""',
      "'''",
      '[[ignore]]\n',
      'path = "/',
      'true',
      '1e9',
      '{ a = 1 }',
      '\\u0000',
      'a.b',
    ],
    share: 5,
    async run(input) {
      const text = input.toString('utf8');
      const lines = text.split('\n').length;
      const at = (place: string): boolean => {
        const line = Number(/^\/f:(\d+)/.exec(place)?.[1] ?? 1);
        return line >= 1 && line <= lines + 1;
      };
      const file = unlessRefused(() => new ConfigFile('/f', text));
      for (const one of file === undefined ? [] : (unlessRefused(() => file.systemPaths()) ?? []))
        hold(at(one.origin), one.origin);
      for (const one of file === undefined ? [] : (unlessRefused(() => file.ignoreRules()) ?? []))
        hold(one.package !== undefined || one.path !== undefined, 'a rule is about something');
      writeFileSync(path, input);
      const settings = await loadSettings({ config: path }, {}, silent).catch(refused);
      if (settings !== undefined) checkSettings(settings);
    },
    close: () => rmSync(directory, { recursive: true }),
  };
}

export const environment: FuzzTarget = {
  name: 'environment',
  seeds: [
    'LVFS_ROOT=/x\0LVFS_THREADS=3\0LVFS_WITH=a/b c/d\0LVFS_REPOS=/a:/b\0LVFS_DRIVER=auto',
    'LVFS_CONFIG=\0XDG_CACHE_HOME=/c\0XDG_CONFIG_HOME=/d\0LVFS_RUT=/x\0LVFS_CACHE=../y',
    'PORTAGE_OVERRIDE_EPREFIX=/p\0PATH=/bin::relative\0LVFS_HABITS_OFF=x\0LVFS_HIDE=/a/{b,c}',
  ],
  words: ['LVFS_', '=', '\0', '/../', 'LVFS_CONFIG=', 'LVFS_THREADS=', ':', '\n', '__proto__='],
  async run(input) {
    const pairs = input
      .toString('utf8')
      .split('\0')
      .map((one): [string, string] => {
        const equals = one.indexOf('=');
        return equals < 0 ? [one, ''] : [one.slice(0, equals), one.slice(equals + 1)];
      });
    // No file of this machine has a part in it.
    const given = Object.fromEntries([...pairs, ['LVFS_CONFIG', '']]) as NodeJS.ProcessEnv;
    const settings = await loadSettings({}, given, silent).catch(refused);
    if (settings !== undefined) checkSettings(settings);
  },
};
