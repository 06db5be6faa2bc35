# What zsh reads in `lvfs shell` in place of the user's own file, which it reads in turn; .zshenv beside it says what descriptors are.

if [[ -n $__lvfs_chosen ]]; then builtin export ZDOTDIR=$__lvfs_chosen; else builtin unset ZDOTDIR; fi
if [[ $__lvfs_chosen != "$__lvfs_own" && -r $__lvfs_chosen/.zshrc ]]; then
  builtin source "$__lvfs_chosen/.zshrc"
else
  builtin source /proc/self/fd/7
fi
builtin exec 4<&- 5<&- 6<&- 7<&-
builtin unset __lvfs_chosen __lvfs_own __lvfs_directory
builtin unalias lvfs 2>/dev/null
builtin zmodload zsh/datetime 2>/dev/null

# One that was there is asked when lvfs has nothing to say.
if (( $+functions[command_not_found_handler] )); then
  functions[__lvfs_former]=$functions[command_not_found_handler]
fi
command_not_found_handler() {
  __lvfs_ask missing "$PATH" "$1" && return 127
  if (( $+functions[__lvfs_former] )); then
    __lvfs_former "$@"
    return
  fi
  builtin print -r -u 2 -- "zsh: command not found: $1"
  return 127
}

__lvfs_preexec() { __lvfs_command=$1; }

# Before each prompt; an empty line was no command.
__lvfs_precmd() {
  local __status=$? __command=$__lvfs_command
  __lvfs_command=''
  if [[ -n $__command ]] && (( __status != 0 && __status < 128 )); then
    [[ $__command == lvfs* ]] || __lvfs_failed=$__command
    [[ $__command == lvfs* && $__command != 'lvfs retry'* ]] || __lvfs_ask failed "$__lvfs_since"
  fi
  # Microseconds.
  __lvfs_since=${${EPOCHREALTIME-}/[.,]/}
  __lvfs_since=${__lvfs_since[1,16]}
  return $__status
}

# Others set the prompt anew each time.
__lvfs_mark() {
  local __status=$?
  [[ $PROMPT == "($__lvfs_target) "* ]] || PROMPT="($__lvfs_target) $PROMPT"
  return $__status
}

preexec_functions+=(__lvfs_preexec)
precmd_functions=(__lvfs_precmd $precmd_functions __lvfs_mark)
