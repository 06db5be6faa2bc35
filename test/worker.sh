#!/bin/sh
# One process of the tests, in a mount namespace of its own: `test/worker.sh ARGUMENT...` for node, which ava.config.js has ava start.
#
# A mount namespace that the tests of another file make holds copies of all mounts that it finds, so views would be in use that are not.
# With LVFS_TEST_MOUNTS=shared all mounts are shared as systemd makes them, with a peer and a slave namespace beside it, which
# end with the process.

[ "$1" = --inside ] || exec unshare --mount --propagation private -- "$0" --inside "$@"
shift
export LVFS_RUNTIME_DIR="$LVFS_RUNTIME_DIR.$$"
if [ "${LVFS_TEST_MOUNTS:-shared}" = shared ]; then
  mount --make-rshared /
  for propagation in unchanged slave; do
    # Descriptor 3 is ava's channel to its worker.
    setpriv --pdeathsig KILL unshare --mount --propagation "$propagation" sleep infinity </dev/null >/dev/null 2>&1 3>&- &
  done
fi
exec "$LVFS_TEST_NODE" "$@"
