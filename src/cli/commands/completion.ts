/** `lvfs completion`: the completion of shells. */
import { exitStatus, LvfsError, silent } from '../../base/index.js';
import { complete, type Completion } from '../completion.js';
import { defineCommand, parse, type Command } from '../command.js';
import type { Output } from '../output.js';
import { locations } from '../viewRequest.js';

const shells = ['bash', 'zsh', 'fish'];

export const command = defineCommand({
  name: 'completion',
  summary: 'for the completion of shells',
  describe:
    'Prints a script that makes a shell complete the command lines of lvfs: commands, options, packages, sets and mounted views. ' +
    'With `words` it is what such a script asks: it prints what fits in the place of the last of the words given, one a line.',
  options: {},
  examples: [
    ['lvfs completion bash > /etc/bash_completion.d/lvfs', 'for bash'],
    ['lvfs completion zsh > /usr/share/zsh/site-functions/_lvfs', 'for zsh'],
    ['lvfs completion fish > /etc/fish/completions/lvfs.fish', 'for fish'],
  ],
  operands: [{ name: 'shell', is: 'other', choices: [...shells, 'words'] }],
  rest: '[-- word…]',
  async run({ operands, rest, output }) {
    const [shell = ''] = operands;
    if (shell !== 'words') output.print(scripts[shell] ?? '');
    else {
      // Whoever is typing is not to be told what is wrong before he has finished.
      const found = await complete(rest ?? [], locationsOf).catch((error: unknown): Completion => {
        if (error instanceof LvfsError) return { candidates: [] };
        throw error;
      });
      printWords(found, output);
    }
    return exitStatus.ok;
  },
});

/** Where Portage's data lies for a command line that is not finished. */
async function locationsOf(typed: Command, words: readonly string[]) {
  const { loadSettings } = await import('../config.js');
  const operands = [{ name: 'any…', is: 'other', optional: true } as const];
  const { options } = parse({ ...typed, operands, ebuildDirectory: false }, words);
  return locations(await loadSettings(options, process.env, silent));
}

/** `word<TAB>about` a line; a line that begins with a colon asks for what the shell knows itself. */
function printWords({ candidates, places }: Completion, output: Output): void {
  const lines = candidates.map(({ word, about, isPartial = false }) =>
    [word, about, ...(isPartial ? ['partial'] : [])].join('\t'),
  );
  for (const line of [...lines, ...(places === undefined ? [] : [`:${places}`])]) output.print(line);
}

/** bash breaks words at `=` and `:` too, and replaces only what is behind the last of these. */
const bash = `# Completion of lvfs(1) for bash.
_lvfs() {
  local words current last prefix line word partial=
  read -ra words <<<"\${COMP_LINE:0:COMP_POINT}"
  [[ \${COMP_LINE:0:COMP_POINT} == *[[:space:]] ]] && words+=('')
  current=\${words[-1]}
  last=\${COMP_WORDS[COMP_CWORD]}
  case $last in
    [=:]*) prefix=$current ;;
    *) prefix=\${current%"$last"} ;;
  esac
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :files) compopt -o filenames; mapfile -t -O "\${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$last") ;;
      :directories) compopt -o filenames; mapfile -t -O "\${#COMPREPLY[@]}" COMPREPLY < <(compgen -d -- "$last") ;;
      *)
        word=\${line%%$'\\t'*}
        [[ $line == *$'\\tpartial' ]] && partial=1
        COMPREPLY+=("\${word#"$prefix"}")
        ;;
    esac
  done < <("\${words[0]}" completion words -- "\${words[@]:1}" 2>/dev/null)
  [[ -z $partial ]] || compopt -o nospace
}
complete -F _lvfs lvfs`;

const zsh = `#compdef lvfs
# Completion of lvfs(1) for zsh.
_lvfs() {
  local line
  local -a parts whole partial
  for line in "\${(@f)$("\${words[1]}" completion words -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}"; do
    parts=("\${(@ps:\\t:)line}")
    case $line in
      '') ;;
      :files) _files ;;
      :directories) _files -/ ;;
      *$'\\tpartial') partial+=("\${parts[1]}") ;;
      *) whole+=("\${parts[1]//:/\\\\:}:\${parts[2]}") ;;
    esac
  done
  (( \${#whole} )) && _describe -V lvfs whole
  (( \${#partial} )) && compadd -S '' -- "\${partial[@]}"
}
_lvfs "$@"`;

const fish = `# Completion of lvfs(1) for fish.
function __lvfs_complete
    set -l words (commandline --tokenize --cut-at-cursor --current-process)[2..]
    set -l current (commandline --current-token --cut-at-cursor)
    for line in (lvfs completion words -- $words $current 2>/dev/null)
        switch $line
            case :files
                __fish_complete_path $current
            case :directories
                __fish_complete_directories $current
            case '*'
                string replace --regex '\\tpartial$' '' -- $line
        end
    end
end
complete --command lvfs --no-files --arguments '(__lvfs_complete)'`;

const scripts: Readonly<Record<string, string>> = { bash, zsh, fish };
