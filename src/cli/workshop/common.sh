# What bash and zsh have in common in `lvfs shell`: how they ask the process around them, which alone can change the view.
#
# A request is fields that end with NUL: an id, how many words follow, the words. An answer is any number of: the id, what follows
# (out, err, end), and a text. The kernel tells the other side who has written a request, so that what this shell starts, and what
# inherits the descriptor, cannot ask in its name.

__lvfs_ask() {
  # In zsh subshells draw the same numbers as the shell does next.
  local __id="$RANDOM$RANDOM$RANDOM.${EPOCHREALTIME-}" __got='' __kind='' __text=''
  builtin printf '%s\0' "$__id" "$#" "$@" >&"$__lvfs_channel" || return 125
  while IFS= builtin read -r -d '' -u "$__lvfs_channel" __got && IFS= builtin read -r -d '' -u "$__lvfs_channel" __kind &&
    IFS= builtin read -r -d '' -u "$__lvfs_channel" __text; do
    # The answer to what was interrupted is of no use any more.
    [[ $__got == "$__id" ]] || continue
    case $__kind in
      out) builtin printf '%s' "$__text" ;;
      err) builtin printf '%s' "$__text" >&2 ;;
      end) return "$__text" ;;
    esac
  done
  builtin echo 'lvfs: the process around this shell does not answer' >&2
  return 125
}

lvfs() {
  if [[ ${1-} == retry && $# == 1 ]]; then
    if [[ -n $__lvfs_failed ]]; then
      builtin printf '%s\n' "$__lvfs_failed" >&2
      builtin eval "$__lvfs_failed"
    else
      builtin printf '%s\n' "$__lvfs_builder" >&2
      # In the environment that this shell was started with, whatever has changed it.
      (builtin cd / && command xargs -0 -x -a "/proc/$$/environ" sh -c 'run=$1; shift; exec env -i "$@" sh -c "$run"' sh "$__lvfs_builder")
    fi
    return
  fi
  local __terminal=0
  [[ -t 1 ]] && __terminal=1
  __lvfs_ask lvfs "$PWD" "$__terminal" "$@"
}
