/**
 * The environment that env-update makes of the files in /etc/env.d (`_env_update` in Portage's util/env_update.py), as it
 * would make it of the visible ones. Variables that none of the files has are left as they are.
 */
import type { CacheFile, Made, Sources } from './sources.js';

const spaceSeparated = ['CONFIG_PROTECT', 'CONFIG_PROTECT_MASK'];
const colonSeparated = [
  'ADA_INCLUDE_PATH',
  'ADA_OBJECTS_PATH',
  'CLASSPATH',
  'INFODIR',
  'INFOPATH',
  'KDEDIRS',
  'LDPATH',
  'MANPATH',
  'PATH',
  'PKG_CONFIG_PATH',
  'PYTHONPATH',
  'ROOTPATH',
];

type Variables = ReadonlyMap<string, string>;

/** `export A='value'` of profile.env, `setenv A 'value'` of csh.env, `A=value` of environment.d. */
const assignment = /^(export |setenv |)([A-Za-z_]\w*)(=| )(.*)\n?$/;

/** See the head of this file. */
export function environmentFile(file: CacheFile, sources: Sources): Made {
  const directory = `${sources.prefix}/etc/env.d`;
  const presence = sources.presenceIn(directory);
  const all: Variables[] = [];
  const visible: Variables[] = [];
  for (const name of sources.names(directory)) {
    if (!/^\d\d./.test(name) || /~$|\.bak$/.test(name)) continue;
    const text = sources.read(`${directory}/${name}`)?.toString('latin1');
    if (text === undefined) continue;
    const variables = parse(text);
    all.push(variables);
    if (presence(name) !== 'hidden') visible.push(variables);
  }
  if (visible.length === all.length) return undefined;
  const before = combine(all);
  const after = combine(visible);
  const lines =
    file
      .contents()
      .toString('latin1')
      .match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const changed = lines.map((line) => {
    const [, head = '', name = '', equals = '', written = ''] = assignment.exec(line) ?? [];
    const value = after.get(name);
    if (name === '' || value === before.get(name)) return line;
    if (value === undefined) return '';
    return `${head}${name}${equals}${written.startsWith("'") ? `'${value}'` : value}\n`;
  });
  return Buffer.from(changed.join(''), 'latin1');
}

/** A file of env.d: shell assignments without expansion. */
function parse(text: string): Variables {
  const variables = new Map<string, string>();
  const pattern = /^[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)=("(?:[^"\\]|\\[^])*"|'[^']*'|[^\s#]*)/gm;
  for (const [, name = '', value = ''] of text.matchAll(pattern))
    variables.set(name, value.replace(/^(["'])([^]*)\1$/, '$2'));
  return variables;
}

function combine(files: readonly Variables[]): Variables {
  const named = (name: string): string[] => files.flatMap((file) => file.get(name)?.split(/\s+/) ?? []);
  const result = new Map<string, string>();
  const join = (name: string, separator: string): void => {
    const parts = files.flatMap((file) => file.get(name)?.split(separator === ' ' ? /\s+/ : separator) ?? []);
    const value = [...new Set(parts.filter((part) => part !== ''))].join(separator);
    if (value !== '') result.set(name, value);
  };
  for (const file of files) for (const [name, value] of file) result.set(name, value);
  for (const name of [...colonSeparated, ...named('COLON_SEPARATED')]) {
    result.delete(name);
    join(name, ':');
  }
  for (const name of [...spaceSeparated, ...named('SPACE_SEPARATED')]) {
    result.delete(name);
    join(name, ' ');
  }
  return result;
}
