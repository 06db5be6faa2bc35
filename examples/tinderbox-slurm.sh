#!/bin/sh
#SBATCH --job-name=lvfs
#SBATCH --array=1-64
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=part-%a.out
# lvfs check as a job array of Slurm, one part of the targets for each task:
#
#     printf '%s\n' @world >targets
#     job=$(sbatch --parsable tinderbox-slurm.sh targets)
#     sbatch --dependency=afterany:"$job" --wrap 'lvfs check --merge --results result part-*/'
#
# As root, in a directory that all nodes share. When a node dies, Slurm puts the task back into the queue as soon as it has noticed (SlurmdTimeout of
# slurm.conf, 300 seconds) and the task's credential has expired (cred_expire, 120), and the next node goes on with the journal that it finds: what
# has a verdict is not built again. The job that merges waits for that too. With sbatch --cpus-per-task N a task builds N targets at a time.
# OPTIONS (environment) are further options of lvfs check.
set -u

targets=$(realpath -- "$1")
part=part-$SLURM_ARRAY_TASK_ID

# shellcheck disable=SC2086 -- words
lvfs check --shard "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT" --results "$part" --resume \
  ${SLURM_CPUS_PER_TASK:+--jobs "$SLURM_CPUS_PER_TASK"} ${OPTIONS:-} "$targets"
status=$?

# What was found (29, 30, and 1 for targets that could not be checked) is in the journal, and no failure of the task.
case $status in
  0 | 1 | 29 | 30) [ -s "$part/journal.jsonl" ] ;;
  *) exit "$status" ;;
esac
