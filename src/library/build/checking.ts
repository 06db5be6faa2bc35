/** Building many targets, several at a time, each at its own risk: whatever one does costs its own verdict. */
import { asFailure, eachOnce, LvfsError } from '../../base/index.js';
import type { InsideRequest } from '../../daemon/index.js';
import type { Hearer } from '../mounting.js';
import { build, type BuildOutcome } from './building.js';
import type { Interruption } from './interruption.js';
import { ReusedRoom, withInside, type Room } from './room.js';
import { TimeLimit } from './timeLimit.js';
import type { BuildPlan } from './trials.js';

/** What came of a target: a build, or why there is none; a build that was ended has both. */
export interface Checked {
  readonly target: string;
  readonly outcome?: BuildOutcome;
  readonly error?: LvfsError;
}

/** How to check. */
export interface CheckPlan {
  readonly build: BuildPlan;
  /** Builds at a time. */
  readonly jobs: number;
  /** Minutes that one target may take. */
  readonly timeout: number;
  /** Make a new view for each target. */
  readonly anew: boolean;
  /** @throws LvfsError why there can be no view of a target */
  request(target: string): InsideRequest;
}

/** Who hears of what comes of targets. */
export interface CheckListener {
  begins(target: string): void;
  /** @returns whether to go on with others */
  ended(checked: Checked): boolean | undefined;
}

/**
 * Builds every target. What is said of several is said once. One whose build failed for want of room on a disk is built again at the end,
 * with nothing beside it. Who was interrupted by the user is not told of.
 */
export async function checkAll(
  targets: readonly string[],
  plan: CheckPlan,
  listener: CheckListener,
  { log, progress }: Hearer,
  interruption: Interruption,
): Promise<void> {
  const talk: Hearer = { log: eachOnce(log), progress };
  const crowded: string[] = [];
  let isWanted = true;
  const work = async (queue: string[], isAlone: boolean): Promise<void> => {
    const room = new ReusedRoom();
    try {
      for (let target = queue.shift(); isWanted && target !== undefined; target = queue.shift()) {
        listener.begins(target);
        const checked = await checkOne(target, plan, talk, interruption, plan.anew ? withInside : room.use);
        if (checked === undefined) return;
        const lacksRoom = checked.outcome !== undefined && endedForWantOfRoom(checked.outcome);
        if (lacksRoom && !isAlone) crowded.push(target);
        else
          isWanted =
            listener.ended(lacksRoom ? { ...checked, error: noSpace() } : checked) !== false && isWanted;
      }
    } finally {
      await room.close();
    }
  };
  const queue = [...targets];
  const jobs = Math.min(plan.jobs, targets.length);
  await Promise.all(Array.from({ length: jobs }, () => work(queue, jobs === 1)));
  await work(crowded, true);
}

/** @returns undefined when the user has interrupted it */
async function checkOne(
  target: string,
  plan: CheckPlan,
  talk: Hearer,
  interruption: Interruption,
  room: Room,
): Promise<Checked | undefined> {
  const limit = new TimeLimit(interruption, plan.timeout);
  try {
    const outcome = await build(plan.request(target), plan.build, talk, limit, room);
    if (interruption.signal.aborted && outcome.interrupted) return undefined;
    return { target, outcome, ...(limit.error === undefined ? {} : { error: limit.error }) };
  } catch (thrown) {
    if (interruption.signal.aborted) return undefined;
    if (limit.error !== undefined) return { target, error: limit.error };
    const error = asFailure(thrown);
    if (error instanceof LvfsError) return { target, error };
    return { target, error: new LvfsError('BUG', 'this is a bug in lvfs', { cause: error }) };
  } finally {
    limit.release();
  }
}

/** ENOSPC and EDQUOT, as the C library says them. */
const wantOfRoom = /No space left on device|Disk quota exceeded/;

function endedForWantOfRoom({ status, output }: BuildOutcome): boolean {
  return status !== 0 && wantOfRoom.test(output);
}

function noSpace(): LvfsError {
  return new LvfsError('NO_SPACE', 'it failed for want of room on a disk, with nothing else being built');
}
