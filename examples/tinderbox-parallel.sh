#!/bin/sh
# lvfs check on several machines, with GNU parallel over ssh.
#
#     tinderbox-parallel.sh RESULTS HOST[,HOST...] TARGET...
#     tinderbox-parallel.sh /var/tmp/box box1,box2,4/box3 @world
#
# Each machine has lvfs and the same repository; `:` is this one, and 4/HOST does four parts at a time. Parts that are lost with a machine
# are done by another. OPTIONS (environment) are further options of lvfs check. The status is that of lvfs check --merge.
set -eu

results=$1 hosts=$2
shift 2
mkdir -p "$results"
cd "$results"
printf '%s\n' "$@" >targets

# More parts than machines, so that a slow one does fewer.
parts=$(($(printf '%s\n' "$hosts" | tr ',' '\n' | wc -l) * 4))

# What was found is no failure of the machine: only where there is no journal, the part is done again.
# shellcheck disable=SC2016 -- the machine's shell expands it
part='lvfs check --shard {}/'$parts' --results part-{} --resume '${OPTIONS:-}' ./targets </dev/null
  test -s part-{}/journal.jsonl && tar -cf part-{}.tar part-{}'
seq "$parts" | parallel --will-cite --sshlogin "$hosts" --jobs 1 --retries 3 --workdir . \
  --basefile targets --return 'part-{}.tar' "$part"

for archive in part-*.tar; do tar -xf "$archive"; done
rm -rf result
lvfs check --merge --results result part-*/
