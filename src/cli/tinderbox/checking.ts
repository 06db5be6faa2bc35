/** Building many targets, several at a time, each at its own risk: whatever one does costs its own verdict. */
import { asFailure, LvfsError } from '../../base/index.js';
import type { InsideRequest } from '../../daemon/index.js';
import { build, type BuildOutcome } from '../building.js';
import { ReusedRoom, withInside, type Interruption, type Talk } from '../inside.js';
import type { BuildPlan } from '../trials.js';
import { TimeLimit } from './timeLimit.js';
import type { Checked } from './verdict.js';

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
  request(target: string): Promise<InsideRequest>;
}

/** Who hears of what comes of targets. */
export interface CheckListener {
  begins(target: string): void;
  /** @returns whether to go on with others */
  ended(checked: Checked): boolean;
  /** Something in lvfs is wrong. */
  bug(error: unknown): void;
}

/**
 * Builds every target. One whose build failed for want of room on a disk is built again at the end, with nothing beside it. Who was
 * interrupted by the user is not told of.
 */
export async function checkAll(
  targets: readonly string[],
  plan: CheckPlan,
  listener: CheckListener,
  talk: Talk,
  signals: Interruption,
): Promise<void> {
  const crowded: string[] = [];
  let isWanted = true;
  const work = async (queue: string[], isAlone: boolean): Promise<void> => {
    await using room = new ReusedRoom();
    for (let target = queue.shift(); isWanted && target !== undefined; target = queue.shift()) {
      listener.begins(target);
      const checked = await checkOne(
        target,
        plan,
        listener,
        talk,
        signals,
        plan.anew ? withInside : room.use,
      );
      if (checked === undefined) return;
      const lacksRoom = checked.outcome !== undefined && endedForWantOfRoom(checked.outcome);
      if (lacksRoom && !isAlone) crowded.push(target);
      else isWanted = listener.ended(lacksRoom ? { ...checked, error: noSpace() } : checked) && isWanted;
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
  listener: CheckListener,
  talk: Talk,
  signals: Interruption,
  room: typeof withInside,
): Promise<Checked | undefined> {
  const limit = new TimeLimit(signals, plan.timeout);
  try {
    const outcome = await build(await plan.request(target), plan.build, talk, limit, room);
    if (signals.status !== undefined && outcome.interrupted) return undefined;
    return { target, outcome, ...(limit.error === undefined ? {} : { error: limit.error }) };
  } catch (thrown) {
    if (signals.status !== undefined) return undefined;
    if (limit.error !== undefined) return { target, error: limit.error };
    const error = asFailure(thrown);
    if (error instanceof LvfsError) return { target, error };
    listener.bug(error);
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
