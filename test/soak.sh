#!/bin/sh
# What is tried again and again, at full size: hours of it, for a night. docs/reliability.md says what each does, and what came of it.
# `npm test` does a hundredth. With words, only the parts that are named so: sh test/soak.sh races cycles
set -u
cd "$(dirname "$0")/.." || exit 1

known='' failed=''
wanted=" $* "

# part NAME FILE SETTING...: one test file with settings of its own.
part() {
  name=$1 file=$2
  shift 2
  known="$known $name"
  [ "$doing" = list ] && return
  case $wanted in "  " | *" $name "*) ;; *) return ;; esac
  echo "== $name"
  env "$@" npx ava --timeout=24h --verbose "dist/test/$file" || failed="$failed $name"
}

# LVFS_SOAK_SHARE=100: a hundredth of everything, to see that it runs through.
share=${LVFS_SOAK_SHARE:-1}
of() { echo $((($1 + share - 1) / share)); }
all() { [ "$share" = 1 ] && echo "$1"; }

parts() {
  part attacks mount/attacks.test.js
  part races mount/attackRaces.test.js LVFS_SWAPS="$(of 10000)" LVFS_READERS=8
  part faults mount/faults.test.js LVFS_FAULTS="$(all every)"
  part errnos mount/faults.test.js LVFS_FAULTS="$(all all)"
  part terminals mount/hangup.test.js
  part together mount/together.test.js
  part clock mount/clock.test.js
  part load mount/load.test.js LVFS_LOAD_PROCESSES=64 LVFS_LOAD_SECONDS="$(of 600)"
  part shortage mount/shortage.test.js
  part cycles mount/cycles.test.js LVFS_CYCLES="$(of 500)" LVFS_VIEWS="$(of 50)" LVFS_MOUNT_KILLS="$(of 1000)"
  part kills mount/kill.test.js LVFS_KILLS="$(of 1000)"
  part emerge mount/emergeKill.test.js LVFS_KILLS="$(of 1000)"
  part changes mount/liveChange.test.js LVFS_FLIPS="$(of 10000)"
  part truth mount/truth.test.js LVFS_TRUTH="$(all full)"
  part input cli/hostileInput.test.js
  part fuzz fuzz/fuzz.test.js LVFS_FUZZ="$(of 1000000)"
  part bits unit/view/indexBits.test.js LVFS_BITS="$(all all)"
  part waits mount/neverWaiting.test.js
}

doing=list
parts
for one in "$@"; do
  case "$known " in *" $one "*) ;; *) echo "there is no part $one, but:$known" >&2 && exit 2 ;; esac
done
doing=run
parts

[ -z "$failed" ] && echo 'no part failed' && exit
echo "failed:$failed"
exit 1
