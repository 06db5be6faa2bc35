/** Single files of Portage's configuration, read by their own readers. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readMakeConf } from '../../../src/portage/config/makeConf.js';
import { loadRepositories } from '../../../src/portage/repos/reposConf.js';
import { RootFiles } from '../../../src/portage/rootFiles.js';
import type { FuzzTarget } from '../fuzz.js';
import { hold, same, unlessRefused } from '../holds.js';

/** A line that needs no rule but that of quotes. */
const simple = /^([A-Z_]+)="([\w .-]*)"$/;
/** Characters of a value at most: what expanding may make of a variable. */
const longest = 2 << 20;

export function makeConf(): FuzzTarget {
  const directory = mkdtempSync(join(tmpdir(), 'lvfs-fuzz-'));
  const file = join(directory, 'make.conf');
  writeFileSync(join(directory, 'more'), 'M="n"\n');
  const files = new RootFiles('/');
  return {
    name: 'make.conf',
    seeds: [
      'A="1"\nB="${A} x -y" # b\nexport C=\'-O2 "q"\'\n',
      `source ${directory}/more\nB="a \\\n b"\nC=\\"x\\"\n`,
      'A="x"\nB="$A$A"\nC="$B$B"\nD="\\$A \\\\ "\n',
      'USE="a b"\nUSE="-a"\n',
    ],
    words: [
      '="',
      '"\n',
      '${',
      '}',
      '$A',
      '\\\n',
      'source ',
      'export ',
      "'",
      '#',
      'A="${A}${A}"\n',
      `source ${file}\n`,
    ],
    share: 2,
    run(input) {
      writeFileSync(file, input);
      const found = unlessRefused(() =>
        readMakeConf(files, file, { expand: new Map(), sourcing: true, warn: () => undefined }),
      );
      if (found === undefined) return;
      for (const [name, value] of found) {
        hold(/^[\p{L}_][\p{L}\p{N}_]*$/u.test(name), `${name} is a name`);
        hold(value.length <= longest, `${name} is long`);
      }
      const lines = input.toString('latin1').split('\n');
      if (lines.pop() !== '' || !lines.every((line) => simple.test(line))) return;
      const expected = new Map(lines.map((line) => simple.exec(line)!.slice(1) as [string, string]));
      same(found, expected, 'variables');
    },
    close: () => rmSync(directory, { recursive: true }),
  };
}

export function reposConf(): FuzzTarget {
  const directory = mkdtempSync(join(tmpdir(), 'lvfs-fuzz-'));
  const files = new RootFiles(directory);
  return {
    name: 'repos.conf',
    seeds: [
      '[DEFAULT]\nmain-repo = a\n[a]\nlocation = /\npriority = 5\nmasters =\n',
      '[a]\nlocation: /%(X)s\n  more\naliases = b c\n# d\n; e\n[b]\nlocation = /nowhere\n',
      '[a]\nlocation = /\nmasters = a\neclass-overrides = a\nforce = aliases\n[b]\nlocation = /\n',
    ],
    words: [
      '[',
      ']\n',
      'location = /',
      '%(X)s',
      '%(',
      ')s',
      '%%',
      ' = ',
      '\n ',
      ';',
      'masters = a',
      '-9',
      '[DEFAULT]\n',
    ],
    run(input) {
      const text = input.toString('utf8');
      const found = unlessRefused(() =>
        loadRepositories(
          files,
          {
            ownConf: { text },
            userConf: undefined,
            variables: new Map([['X', '']]),
            portdir: '',
            portdirOverlay: [],
          },
          () => undefined,
        ),
      );
      for (const { name, location } of found ?? []) {
        hold(location === directory || location.startsWith(`${directory}/`), `${location} is in the root`);
        hold(text.includes(name) || text.includes('%'), `${name} was named`);
      }
    },
    close: () => rmSync(directory, { recursive: true }),
  };
}
