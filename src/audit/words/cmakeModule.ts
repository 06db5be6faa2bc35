/** What the FindX modules of CMake look for: their text says it, their messages only name the variables. */
import { variableParts, wantedFor, type Wanted } from './wanted.js';

/** Words that end the names of a find command (cmake-commands(7), find_library). */
const keywords =
  /^(?:HINTS|PATHS|PATH_SUFFIXES|DOC|ENV|REQUIRED|OPTIONAL|VALIDATOR|REGISTRY_VIEW|NAMES_PER_DIR|NO_\w+|ONLY_\w+|CMAKE_\w+)$/;

/**
 * What a module looks for to set a variable, or one of its kind and stem: `BZIP2_LIBRARIES` is made of
 * `BZIP2_LIBRARY_RELEASE`.
 * @param text the module
 */
export function wantedByModule(text: string, variable: string): Wanted[] {
  const wanted: Wanted[] = [];
  const parts = variableParts(variable);
  const lists = new Map(
    [...text.matchAll(/^\s*set\s*\(\s*(\w+)\s+([^()]*)\)/gim)].map(([, name = '', list = '']) => [
      name,
      list,
    ]),
  );
  for (const [, command = '', name = '', list = ''] of text.matchAll(
    /\bfind_(path|file|library|program)\s*\(\s*(\w+)\s+([^()]*)\)/gi,
  )) {
    const own = variableParts(name);
    if (name !== variable && (own === undefined || own.kind !== parts?.kind || own.stem !== parts.stem))
      continue;
    for (const found of namesIn(
      list.replaceAll(/\$\{(\w+)\}/g, (_, inner: string) => lists.get(inner) ?? ''),
    ))
      wanted.push(...wantedBy(command.toLowerCase(), found));
  }
  return wanted;
}

/** The names of a find command: one, or the list behind NAMES. */
function namesIn(list: string): string[] {
  const words = list.split(/[\s;"]+/).filter((word) => word !== '' && !word.includes('$'));
  const at = words.indexOf('NAMES');
  const names = at < 0 ? words.slice(0, 1) : words.slice(at + 1);
  const end = names.findIndex((word) => keywords.test(word));
  return (end < 0 ? names : names.slice(0, end)).filter((word) => /^[\w+./-]+$/.test(word));
}

function wantedBy(command: string, name: string): readonly Wanted[] {
  if (command === 'program') return wantedFor('executable', name);
  if (command !== 'library') return wantedFor('header', name);
  return /\.(?:so|a)\b/.test(name) ? wantedFor('library file', name) : wantedFor('library', name);
}
