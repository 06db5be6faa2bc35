#!/bin/sh
# Runs the tests in a mount namespace of their own: `test/namespace.sh COMMAND...`, which ava.config.js does for root.
#
# What others mount on the machine is not seen in there, nor what the tests mount by others; /tmp and the directory for temporary
# files are new and empty, and lvfs keeps its state in there. Where no namespace can be made, the command runs without.

if [ "$1" != --inside ]; then
  unshare --mount true 2>/dev/null || LVFS_TEST_NAMESPACE=none exec "$@"
  scratch=$(mktemp -d "${TMPDIR:-/tmp}/lvfs-tests.XXXXXX") || exit 1
  chmod 1777 "$scratch"
  trap 'rm -rf --one-file-system "$scratch"' EXIT
  trap : INT TERM HUP
  unshare --mount --propagation private sh "$0" --inside "$scratch" "$@"
  exit
fi

scratch=$2
shift 2
export TMPDIR="$scratch" LVFS_RUNTIME_DIR="$scratch/run" LVFS_TEST_NAMESPACE=own
# This checkout, or the program, may lie below /tmp itself, and stays in sight there.
for place in "$PWD" "$(dirname "$0")" "$(dirname "$1")"; do
  place=$(realpath "$place")/
  case $place in
    /tmp/) below=all ;;
    /tmp/*)
      name=${place#/tmp/} name=${name%%/*}
      [ -d "$scratch/$name" ] || { mkdir "$scratch/$name" && mount --rbind "/tmp/$name" "$scratch/$name"; }
      ;;
  esac
done
if [ "${below-}" = '' ] && mount --rbind "$scratch" /tmp; then
  export TMPDIR=/tmp LVFS_RUNTIME_DIR=/tmp/run
  cd "$PWD" || exit 1
fi
# What mount(8) and umount(8) take note of.
mkdir -p /run/mount && mount -t tmpfs -o mode=755 tmpfs /run/mount
exec "$@"
