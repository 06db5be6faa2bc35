# What zsh reads first in `lvfs shell`, where ZDOTDIR is this directory. Descriptors: 3 the channel, 4 this directory, 5 what is common
# to all shells, 6 and 7 the user's own .zshenv and .zshrc, or nothing.

builtin exec {__lvfs_channel}>&3 3>&-
__lvfs_target=$LVFS_WORKSHOP __lvfs_builder=$LVFS_WORKSHOP_BUILD __lvfs_directory=$ZDOTDIR __lvfs_own=$LVFS_WORKSHOP_ZDOTDIR
builtin unset LVFS_WORKSHOP LVFS_WORKSHOP_BUILD LVFS_WORKSHOP_HERE LVFS_WORKSHOP_DIRECTORY LVFS_WORKSHOP_ZDOTDIR
__lvfs_failed='' __lvfs_command='' __lvfs_since=''

builtin source /proc/self/fd/5
# Who asks first is known as the shell from then on.
__lvfs_ask hello

if [[ -n $__lvfs_own ]]; then ZDOTDIR=$__lvfs_own; else builtin unset ZDOTDIR; fi
builtin source /proc/self/fd/6
# It may have said where the others are.
__lvfs_chosen=${ZDOTDIR-}
builtin export ZDOTDIR=$__lvfs_directory
